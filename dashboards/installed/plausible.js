// Installed snippets of Plausible's classic script: options stand in the file's name, `/js/script.hash.manual.js`.
//
//   <script defer data-domain="example.com" src="https://COLLECTOR/js/plausible.js"></script>
let {dataset:its, src}=document.currentScript, dataset={...its}
if (/\.hash/.test(src)) dataset.hash=1
if (/\.manual/.test(src)) dataset.manual=1
// TRACKER
// Events that stand in the class of a link or button: `plausible-event-name=Signup plausible-event-plan=pro`.
addEventListener('click', ev=>{
  let a=ev.target.closest?.('[class*=plausible-event-name]'), props={}
  for (let [, key, value] of (a?.getAttribute('class')||'').matchAll(/plausible-event-([^=\s]+?)(?:=|--)(\S+)/g)) props[key]=value.replace(/\+/g, ' ')
  let {name, ...more}=props
  if (name) track(name, {props:more})
}, true)
