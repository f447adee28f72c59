//! The texts of the settings pages, each with its English.

texts! {
    "The texts of the settings pages in one language."
    Settings {
    // Every page of settings.
    title: "Settings",
    title_of: "Settings of {0}",
    of_this_site: "Site settings",
    sections: "Sections",
    command: "The same on the command line",
    saved: "Saved.",
    not_saved: "Not saved.",
    save: "Save",
    add: "Add",
    remove: "Remove",
    remove_for_good: "Remove for good",
    action: "Action",
    none_yet: "None yet.",

    // The instance.
    sites_intro: "Each site has its own figures, days and settings.",
    site_add: "Add a site",
    site_add_domain: "Domain",
    site_add_domain_help: "Like `example.com`, without https:// and www.",
    site_add_button: "Add the site",

    // What a site is.
    site_title: "Site",
    time_zone_next: "From the site's next day on it is `{0}`.",

    // Budgets.
    budgets: "Budgets",
    budgets_intro: "What strangers send must not fill the disk. What is past a budget is counted together as (other); totals stay exact.",

    // Path rules.
    paths: "Path rules",
    paths_intro: "Which pages count as one. A rule acts on what comes from now on; what is counted stays as it is.",
    personal_notice: "Pages that look personal",

    // Exclusions.
    exclusions: "Exclusions",
    exclusions_intro: "What is not counted, from now on. It is shown under Not counted, as Excluded.",

    // What is collected.
    collect: "What is collected",
    collect_intro: "What the site can do without. It acts at the door, from the next hit on: the value becomes part of nothing that is counted. Sums that are stored stay.",

    // What is kept, and what everybody may see.
    keeping: "What is kept",
    keeping_intro: "How long figures are kept, and how small ones are when their day is over. What goes is gone for good.",
    publishing: "What everybody may see",
    publishing_intro: "What readers who are not signed in may see, beside what you open under Sharing.",

    // Goals.
    goals_intro: "Events and pages that you watch. Removing one loses nothing that was counted.",
    goal_add: "Add a goal",
    goal_target: "What reaches it",
    goal_target_help: "An event like `Signup`, a page like `/pricing`, or pages like `/blog/**`. A pattern is counted from now on; events and pages reach back.",
    goal_name: "Name",
    goal_name_help: "What readers call it. Left empty, it is the event, or Visit and the page.",
    goal_counted: "Counted",
    goal_all_days: "all days",
    goal_since: "since {0}",
    remove_goal: "Remove the goal {0}",

    // Funnels.
    funnels: "Funnels",
    funnels_intro: "Ways through the site, step by step within a visit. A funnel is counted from its declaration on.",
    funnel_add: "Add a funnel",
    funnel_name_help: "What readers call it.",
    funnel_steps: "Steps",
    funnel_steps_help: "2 to {0}, one per line, in order, each written as what reaches a goal.",
    remove_funnel: "Remove the funnel {0}",
    remove_funnel_why: "Its figures go with it: one that is declared anew begins from nothing.",

    // Segments.
    segments: "Segments",
    segments_intro: "Visits, or hits, that you look at by themselves. A segment is counted from its declaration on, by everything that there is.",
    segment_add: "Add a segment",
    segment_name_help: "What readers call it.",
    segment_condition: "What it lets pass",
    segment_condition_help: "Like `device=mobile and country=DE`, or `has_done page=/pricing and not has_done event=Signup`.",
    remove_segment: "Remove the segment {0}",

    // Annotations.
    annotations: "Annotations",
    annotations_intro: "What happened when, as notes on the chart: a release, a campaign.",
    annotation_add: "Add an annotation",
    annotation_text: "What happened",
    annotation_text_help: "One line of at most {0} characters.",
    annotation_day_help: "On the site's calendar.",
    annotation_hour_help: "On the site's clock, or the day as a whole.",
    whole_day: "Whole day",
    remove_annotation: "Remove the annotation {0}",

    // What is forgotten.
    forget: "Forget figures",
    forget_intro: "What was counted goes for good, and pages say that something was taken out. Settings stay. First you see how much would go.",
    forget_of: "What",
    forget_all: "Everything of these days",
    forget_property: "A property",
    forget_value: "Value",
    forget_value_help: "`*` stands for anything but a slash, `**` for anything. Of a property it is the key, or `KEY=VALUE`.",
    forget_days: "Days",
    forget_days_help: "Like `2026-06-01` or `2026-06-01..2026-06-03`. Left empty, all days.",
    forget_look: "Show what would go",
    forget_button: "Forget it for good",
    forget_without_what: "A value needs its dimension; choose what it is.",
    reset: "Forget everything",
    reset_intro: "All that was counted for {0} goes. The site, its settings, its goals and its users stay.",

    // The end of a site.
    remove_site: "Remove the site",
    remove_site_intro: "{0} goes with all its figures, at once. Only a backup brings them back.",
    remove_site_domain: "Type the site's domain to confirm",
    remove_site_button: "Remove the site and all its figures",
    remove_site_mistyped: "This is not the site's domain. Type {0} to remove it.",

    // Users.
    users: "Users",
    users_intro: "Owners read and change everything. Analysts read the sites that they are given.",
    user_last: "Last sign-in",
    user_never: "never",
    user_has_password: "set",
    user_has_none: "none",
    user_owner: "An owner, who changes everything.",
    user_reads_all: "An analyst, who reads all sites.",
    user_reads: "An analyst, who reads {0}.",
    user_reads_none: "An analyst, who may read no site.",
    user_add: "Add a user",
    user_add_button: "Add the user and make a link",
    user_name_help: "To sign in with; 1 to {0} characters.",
    user_may: "What the user may do",
    user_may_some: "Read the sites below",
    user_may_all: "Read all sites",
    user_may_change: "Read and change everything (owner)",
    user_sites: "Sites to be read",
    user_sites_help: "One domain per line.",
    user_sites_missing: "Name at least one site, or let the user read all.",
    user_link: "A link to sign in",
    user_link_intro: "It signs one browser in, once. Send it to whom it belongs to, and to nobody else.",
    user_link_button: "Make a link",
    user_set: "What may be done",
    user_sign_out_intro: "All browsers of this user are signed out, and links that were not used are worthless.",
    user_remove: "Remove the user",
    user_remove_why: "The user is signed out everywhere and can't sign in any more.",
    made_link: "This link signs in as {0}, once, within {1} minutes:",
    made_token: "The token:",
    made_once: "It is shown this once. Copy it now.",

    // The privacy notice.
    notice: "Privacy notice",
    notice_of: "Privacy notice of {0}",
    notice_intro: "What visitors are told is made of the settings, and changes with them. Here you say what the program can't know.",
    notice_open: "Open the notice",
    notice_texts: "Your texts",
    notice_missing: "Missing, and asked for by the law: {0}.",
    notice_complete: "All that the law asks for in any case is there.",
    notice_every_language: "All languages",
    notice_languages: "Languages of the texts",
    notice_language_help: "Texts of one language take the place of those for all. An empty text is left out.",
    notice_controller: "Who is responsible: name and address",
    notice_contact: "Contact for questions about privacy",
    notice_dpo: "Data protection officer, if there is one",
    notice_purposes: "Further purposes",
    notice_legal_basis: "Legal basis",
    notice_host: "Who hosts the collector",
    notice_storage_place: "Where it stands",
    notice_recipients: "Further recipients",
    notice_transfers: "Transfers to other countries",
    notice_complaint_body: "Authority for complaints",
    notice_security: "What else protects the data",
    notice_minors: "What else there is to say about children",
    notice_announced: "Announced changes",
    notice_announced_intro: "Changes towards more data that wait until the notice has announced them for long enough.",
    notice_change: "Change",
    notice_acts: "Acts from",
    notice_withdraw: "Take back",
    notice_withdraw_one: "Take back: {0}",
    notice_requests: "Requests of visitors",
    notice_requests_intro: "How often visitors asked something at {0}. They had the answer at once; nothing else is kept.",
    notice_day: "Day",
    notice_kind: "Asked for",
    notice_count: "How often",
    notice_snippet: "Opt-out on your own page",
    notice_snippet_intro: "A piece of HTML for the privacy page of {0}: it says whether the browser is counted, and changes that.",

    // What is open to readers who are not signed in.
    sharing: "Sharing",
    sharing_of: "Sharing of {0}",
    shares: "What is open",
    shares_intro: "Readers who are not signed in see days that are over, without filters; values with fewer than {0} visitors a day are added up with others that hide them.",
    share_name: "Name",
    share_name_help: "Who the secret link is for. A public page has no name.",
    share_kind: "How",
    share_secret: "By a secret link.",
    share_public: "As a public page.",
    share_public_named: "A public page has no name; leave it out, or make a secret link.",
    share_password_help: "Left empty, whoever has the secret link reads.",
    share_until: "Until the end of",
    share_until_help: "Left empty, it stays open until it is closed.",
    share_embed: "Hosts in whose pages it may stand",
    share_embed_help: "One per line, with `www.` where they have it; `*.example.com` stands for every host below it. Left empty, none.",
    share_add: "Open the site",
    share_add_button: "Open it",
    share_made: "It is open at this address:",
    share_with_password: "With a password.",
    share_embedded: "In pages of {0}.",
    share_opens: "Opens on {0}.",
    share_ends: "Until {0}.",
    share_ended: "Ended on {0}.",
    share_remove: "Close {0}",
    share_remove_short: "Close",
    share_remove_button: "Close for good",
    share_remove_why: "The address leads nowhere from then on.",

    // Tokens.
    tokens: "Tokens",
    tokens_intro: "Programs read figures and send hits with a token.",
    token: "Token",
    token_made: "Made",
    token_scope: "What it may do",
    token_read: "Read figures",
    token_ingest: "Send hits that are believed",
    token_annotate: "Add annotations",
    token_admin: "Everything",
    token_site_help: "A token for one site is good for nothing else.",
    token_create: "Make a token",
    token_create_button: "Make the token",
    token_revoke: "Revoke the token {0}",
    token_revoke_short: "Revoke",
    token_revoke_button: "Revoke for good",
    token_revoke_why: "Programs that use it are turned away from then on.",
}}

impl Settings {
    /// What a token with this scope may do.
    pub fn scope(&self, name: &str) -> &'static str {
        match name {
            "read" => self.token_read,
            "ingest" => self.token_ingest,
            "annotate" => self.token_annotate,
            _ => self.token_admin,
        }
    }
}
