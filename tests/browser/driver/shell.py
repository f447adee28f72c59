#!/usr/bin/python3
"""A window with nothing in it but WebKitGTK, at the wheel of WebKitWebDriver: as narrow as is asked, and it can print.

Usage: shell.py FOLDER SCRIPT. The script runs at the head of every page. FOLDER gets the profile, `log` with what comes into
the console, and `1.pdf`, `2.pdf`, ... with what a page has printed by webkit.messageHandlers.print.postMessage('portrait').
"""
import os
import sys
import threading

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

folder, script = sys.argv[1], open(sys.argv[2], encoding="utf-8").read()


def write_log():
    """Lets the processes of WebKit write to a terminal, which they do a line at a time, and keeps it."""
    master, slave = os.openpty()
    os.dup2(slave, 1)
    os.dup2(slave, 2)

    def copy():
        with open(os.path.join(folder, "log"), "ab", buffering=0) as log:
            while True:
                log.write(os.read(master, 65536))

    threading.Thread(target=copy, daemon=True).start()


write_log()
# A context that keeps nothing would keep no console either.
data = WebKit2.WebsiteDataManager(
    base_data_directory=os.path.join(folder, "data"), base_cache_directory=os.path.join(folder, "cache")
)
context = WebKit2.WebContext.new_with_website_data_manager(data)
context.set_automation_allowed(True)
context.set_preferred_languages(["en-US"])
content = WebKit2.UserContentManager()
content.add_script(
    WebKit2.UserScript(
        script, WebKit2.UserContentInjectedFrames.ALL_FRAMES, WebKit2.UserScriptInjectionTime.START, None, None
    )
)
content.register_script_message_handler("print")
views = []
printed = 0


def print_page(_content, message):
    """Prints the page that was opened last on A4; the file has its name once it is whole."""
    global printed
    printed += 1
    name = os.path.join(folder, f"{printed}.pdf")
    settings = Gtk.PrintSettings()
    settings.set_printer("Print to File")
    settings.set(Gtk.PRINT_SETTINGS_OUTPUT_URI, f"file://{name}.part")
    settings.set(Gtk.PRINT_SETTINGS_OUTPUT_FILE_FORMAT, "pdf")
    setup = Gtk.PageSetup()
    setup.set_paper_size(Gtk.PaperSize.new("iso_a4"))
    if message.get_js_value().to_string() == "landscape":
        setup.set_orientation(Gtk.PageOrientation.LANDSCAPE)
    operation = WebKit2.PrintOperation.new(views[-1])
    operation.set_print_settings(settings)
    operation.set_page_setup(setup)
    operation.connect("finished", lambda _: os.rename(f"{name}.part", name))
    operation.print_()


content.connect("script-message-received::print", print_page)


def show(view):
    view.get_settings().set_enable_write_console_messages_to_stdout(True)
    view.connect("create", lambda opener, _action: opened(related_view=opener))
    window = Gtk.Window()
    window.set_default_size(1280, 900)
    window.add(view)
    window.show_all()
    view.connect("close", lambda _view: closed(view, window))
    views.append(view)
    return view


def opened(**more):
    return show(WebKit2.WebView(is_controlled_by_automation=True, user_content_manager=content, **more))


def closed(view, window):
    views.remove(view)
    window.destroy()


def start(_context, session):
    session.set_application_info(WebKit2.ApplicationInfo())
    session.connect("create-web-view", lambda _session: opened(web_context=context))


context.connect("automation-started", start)
Gtk.main()
