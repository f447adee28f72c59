// What runs at the head of every page in Firefox and WebKit: no word of a program at the wheel, as a flag of Chromium has it,
// and all that comes into the console with a mark that tells it from what the browser itself says.
(() => {
  Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})
  const told = {}
  for (const [name, level] of [['info', 'INFO'], ['log', 'INFO'], ['warn', 'WARNING'], ['error', 'SEVERE']]) {
    const real = console[name].bind(console)
    told[level] = (...all) => real(`page ${level}: ${[location.href, ...all].join(' ').replace(/\s+/g, ' ')}`)
    console[name] = told[level]
  }
  addEventListener('error', ev => ev.message && told.SEVERE(ev.message))
  addEventListener('unhandledrejection', ev => told.SEVERE(ev.reason))
  addEventListener('securitypolicyviolation', ev => told.SEVERE('violates', ev.violatedDirective, ev.blockedURI))
})()
