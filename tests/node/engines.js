// Browsers of three engines with the same commands: how wide a page is, and what it prints. What Firefox and WebKit need is
// the same as in `tests/browser/driver/`.
'use strict'
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const {Browser, scratch, start} = require('./driven.js')

const DRIVER = path.join(__dirname, '../browser/driver')
const BUILT = path.join(__dirname, '../../target/tools/bin/geckodriver')
const HEIGHT = 900

const pause = ms => new Promise(go => setTimeout(go, ms))

/** Asks until the answer is yes, half a minute at most. */
async function until(what, ask) {
  for (let tries = 0; tries < 1200; tries++) {
    if (await ask()) return
    await pause(25)
  }
  throw new Error(`${what}: not within half a minute`)
}

class Chromium extends Browser {
  async widen(width) {
    await this.devtools('Emulation.setDeviceMetricsOverride', {width, height: HEIGHT, deviceScaleFactor: 1, mobile: false})
  }

  async print(across) {
    const page = {width: 21, height: 29.7}
    return Buffer.from(await this.drive('POST', '/print', {orientation: across ? 'landscape' : 'portrait', page}), 'base64')
  }
}

class Firefox extends Browser {
  static async start() {
    const home = path.join(scratch, 'firefox')
    fs.mkdirSync(home)
    const words = ['--port=0', '--websocket-port=0', '--allow-system-access']
    const command = fs.existsSync(BUILT) ? BUILT : 'geckodriver'
    const port = await start(command, words, /Listening on 127.0.0.1:(\d+)/, {HOME: home, TMPDIR: home})
    const prefs = {
      'network.dns.forceResolve': '127.0.0.1', 'network.captive-portal-service.enabled': false, 'app.update.auto': false,
      'network.connectivity-service.enabled': false, 'dom.security.https_first': false, 'app.normandy.enabled': false,
      'datareporting.policy.dataSubmissionEnabled': false, 'toolkit.telemetry.enabled': false, 'ui.prefersReducedMotion': 1
    }
    const options = {binary: '/usr/bin/firefox-esr', args: ['-headless'], prefs}
    return this.opened(port, {'moz:firefoxOptions': options})
  }

  static async opened(port, capabilities) {
    const browser = new this()
    browser.session = `http://127.0.0.1:${port}/session`
    browser.session += '/' + (await browser.drive('POST', '', {capabilities: {alwaysMatch: capabilities}})).sessionId
    return browser
  }

  /** Its window does not become narrow; what is in it does. */
  async widen(width) {
    await this.drive('POST', '/moz/context', {context: 'chrome'})
    await this.run('gBrowser.selectedBrowser.style.maxWidth = arguments[0] + "px"', width)
    if (width > 600) await this.drive('POST', '/window/rect', {width, height: HEIGHT})
    await this.drive('POST', '/moz/context', {context: 'content'})
    await until(`${width} px`, () => this.run('return innerWidth == arguments[0]', width))
  }

  print(across) {
    return Chromium.prototype.print.call(this, across)
  }
}

class WebKit extends Browser {
  static async start() {
    const home = path.join(scratch, 'webkit')
    fs.mkdirSync(home)
    const display = await start('Xvfb', ['-displayfd', '1', '-nolisten', 'tcp', '-screen', '0', '1400x1000x24'], /(\d+)/)
    const env = {HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home, DISPLAY: `:${display}`, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1'}
    // It does not say which port it took, so it is told one that was free just now.
    const port = await new Promise(found => {
      const free = net.createServer().listen(0, '127.0.0.1', () => {
        const {port} = free.address()
        free.close(() => found(port))
      })
    })
    start('WebKitWebDriver', [`--port=${port}`], /never/, {...env, GSETTINGS_BACKEND: 'memory'}).catch(() => {})
    await until('WebKitWebDriver', () => fetch(`http://127.0.0.1:${port}/status`).then(() => true, () => false))
    const options = {binary: path.join(DRIVER, 'shell.py'), args: [home, path.join(DRIVER, 'page.js')]}
    const browser = await Firefox.opened.call(this, port, {'webkitgtk:browserOptions': options})
    browser.home = home
    browser.printed = 0
    return browser
  }

  async widen(width) {
    await this.drive('POST', '/window/rect', {width, height: HEIGHT})
    await until(`${width} px`, () => this.run('return innerWidth == arguments[0]', width))
  }

  /** Its driver cannot print; the window around the page does. */
  async print(across) {
    await this.run('webkit.messageHandlers.print.postMessage(arguments[0])', across ? 'landscape' : 'portrait')
    const file = path.join(this.home, `${++this.printed}.pdf`)
    await until('print', () => fs.existsSync(file))
    return fs.readFileSync(file)
  }
}

module.exports = {Chromium, Firefox, WebKit, until}
