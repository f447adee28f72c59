// Installed snippets of Matomo's script: what they push on `_paq`. Links are counted without `enableLinkTracking`; who a
// person is, and all about cookies, is passed over.
//
//   _paq.push(['trackPageView']); _paq.push(['setTrackerUrl', u + 'matomo.php']); _paq.push(['setSiteId', '7']); ...
let {src}=document.currentScript, calls=window._paq||[], said=n=>[...calls].filter(call=>call[0]==n).pop()?.[1]
let dataset={domain:''+said('setSiteId'), api:new URL('api/event', new URL(said('setTrackerUrl')||src, src)), manual:1}
// TRACKER
let url, does={
  setCustomUrl(to) { url=new URL(to, location).href },
  trackPageView() { track('pageview', {url}) },
  trackEvent(category, n, label, value) { track(n, {url, props:{category, label, value}}) },
  trackSiteSearch(keyword, category, count) { track('Site Search', {url, props:{keyword, category, count}}) },
  trackGoal(id, revenue) { track('Goal '+id, {url, props:{revenue}}) },
  trackEcommerceOrder(id, revenue) { track('Order', {url, props:{revenue}}) },
  trackLink(to, kind) { track(kind=='download'?'File Download':'Outbound Link: Click', {url, props:{url:to}}) }
}
let push=(...more)=>more.map(([n, ...rest])=>does[n]?.(...rest))
window._paq={push}
push(...calls)
