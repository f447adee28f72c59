// Installed snippets of Plausible's classic script: options stand in the file's name, `/js/script.hash.manual.js`.
//
//   <script defer data-domain="example.com" src="https://COLLECTOR/js/plausible.js"></script>
let {dataset:its, src}=document.currentScript, dataset={...its}
if (/\.hash/.test(src)) dataset.hash=1
if (/\.manual/.test(src)) dataset.manual=1
