// Installed snippets of Fathom Lite's script: what they call on `fathom`.
//
//   fathom('set', 'siteId', 'ABCDE'); fathom('trackPageview'); ... src="//COLLECTOR/tracker.js"
let {src}=document.currentScript, calls=[...window.fathom?.q||[]]
let dataset={domain:calls.filter(call=>call[1]=='siteId').pop()?.[2], api:new URL('api/event', src), manual:1}
// TRACKER
window.fathom=n=>n=='trackPageview'&&track('pageview')
calls.map(call=>fathom(...call))
