// Programs that a test in node starts, and a headless Chromium at the wheel of chromedriver. All of them end with `end`, and
// their files go with its folder.
'use strict'
const {spawn, spawnSync} = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

// Chromium's own name has `HeadlessChrome` in it, which is a bot.
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.7813.92 Safari/537.36'
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--no-first-run', '--disable-blink-features=AutomationControlled', `--user-agent=${AGENT}`,
  '--host-resolver-rules=MAP example.com 127.0.0.1'
]

// A browser tells its zone and language: not those of the machine.
const PLACE = {TZ: 'Etc/UTC', LC_ALL: 'C.UTF-8', LANGUAGE: 'en_US'}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'headcount-node-'))
const children = []

/** Starts a program, and resolves with what a line of it says. */
function start(command, words, said, env = {}) {
  const child = spawn(command, words, {env: {...process.env, ...PLACE, TMPDIR: scratch, ...env}})
  children.push(child)
  let all = ''
  return new Promise((resolve, reject) => {
    const look = data => {
      all += data
      const found = said.exec(all)
      if (found) resolve(found[1])
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`${command} has ended: ${all}`)))
  })
}

/** Runs a program to its end, and returns what it wrote. */
function run(command, words, input) {
  const done = spawnSync(command, words, {encoding: 'utf8', input})
  if (done.status !== 0) throw new Error(`${command} ${words.join(' ')}: ${done.stderr}`)
  return done.stdout.trim()
}

/** Installs packages of npm in the test's folder; whether there is a registry that has them. */
function install(...packages) {
  fs.writeFileSync(path.join(scratch, 'package.json'), '{"private":true}')
  const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1', ...packages]
  return spawnSync('npm', words, {cwd: scratch, encoding: 'utf8'}).status === 0
}

/** Ends all that was started, and removes the folder. */
async function end() {
  for (const child of children) {
    child.removeAllListeners('exit')
    if (child.exitCode === null) await new Promise(ended => child.once('exit', ended) && child.kill())
  }
  fs.rmSync(scratch, {recursive: true, force: true})
}

/** A tab of a browser. */
class Browser {
  static async start() {
    const port = await start('chromedriver', ['--port=0'], /started successfully on port (\d+)/)
    const browser = new this()
    browser.session = `http://127.0.0.1:${port}/session`
    const args = [...FLAGS, `--user-data-dir=${path.join(scratch, 'profile')}`]
    const capabilities = {capabilities: {alwaysMatch: {'goog:chromeOptions': {args}}}}
    browser.session += '/' + (await browser.drive('POST', '', capabilities)).sessionId
    return browser
  }

  async drive(method, to, body) {
    // Some drivers read no body without its type, and no command without a body.
    const message = method === 'POST' ? {headers: {'content-type': 'application/json'}, body: JSON.stringify(body ?? {})} : {}
    const answer = await fetch(this.session + to, {method, ...message})
    const {value} = await answer.json()
    if (!answer.ok) throw new Error(`${to}: ${value.message}`)
    return value
  }

  /** Opens a page and waits until it has loaded. */
  open(url) {
    return this.drive('POST', '/url', {url})
  }

  at() {
    return this.drive('GET', '/url')
  }

  /** Opens a one-time link, and presses its button. */
  async signIn(link) {
    await this.open(link)
    await this.run(`document.querySelector('main form').requestSubmit()`)
    for (let tries = 0; (await this.at()) === link; tries++) {
      if (tries > 200) throw new Error('the link does not sign in')
      await new Promise(go => setTimeout(go, 20))
    }
  }

  title() {
    return this.drive('GET', '/title')
  }

  /** Runs a script in the page; what it returns, once that is settled. */
  run(script, ...args) {
    return this.drive('POST', '/execute/sync', {script, args})
  }

  /** A command of the DevTools protocol. */
  devtools(cmd, params = {}) {
    return this.drive('POST', '/goog/cdp/execute', {cmd, params})
  }

  close() {
    return this.drive('DELETE', '')
  }
}

module.exports = {AGENT, Browser, end, install, run, scratch, start}
