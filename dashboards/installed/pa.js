// Installed snippets of Plausible's script per site, `/js/pa-ID.js`. DOMAIN is the site that has the ID as an alias; where
// none has, the collector takes the host of the page. Options are those of `plausible.init`.
//
//   <script async src="https://COLLECTOR/js/pa-ID.js"></script>
let {src}=document.currentScript, its=window.plausible?.o||{}, dataset={domain:its.domain||DOMAIN, api:its.endpoint}
if (its.hashBasedRouting) dataset.hash=1
if (its.autoCapturePageviews===false) dataset.manual=1
