//! In: the users and the tokens of a collector. Out: the pages on which owners change them. Forgets: links and tokens; each is
//! shown once, on the answer that made it.

use std::borrow::Cow;

use askama::Template;

use super::form::{Field, FieldKind, FlashMessage, Form, SentForm, command};
use super::words::Words;
use super::{Account, rendered};
use crate::limits;
use crate::site::Day;

/// All users.
#[derive(Debug, Clone, Template)]
#[template(path = "users.html")]
pub struct UsersPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The users, in the order in which they were made.
    pub users: Vec<UserLine>,
    /// What was made by the form that was sent.
    pub made: Option<Made>,
    /// The form that was sent last.
    pub sent: SentForm,
}

/// One user.
#[derive(Debug, Clone, Template)]
#[template(path = "user.html")]
pub struct UserPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The user.
    pub user: UserLine,
    /// What was made by the form that was sent.
    pub made: Option<Made>,
    /// The form that was sent last.
    pub sent: SentForm,
}

/// All tokens.
#[derive(Debug, Clone, Template)]
#[template(path = "tokens.html")]
pub struct TokensPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The tokens, in the order in which they were made.
    pub tokens: Vec<TokenLine>,
    /// What a token may do: the name, and the same in words.
    pub scopes: Vec<&'static str>,
    /// The domains of all sites.
    pub sites: Vec<String>,
    /// What was made by the form that was sent.
    pub made: Option<Made>,
    /// The form that was sent last.
    pub sent: SentForm,
}

/// A user, as owners see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLine {
    /// The name.
    pub name: String,
    /// Whether everything may be changed, not only read.
    pub is_owner: bool,
    /// The domains of the only sites that may be read; nothing for all.
    pub sites: Option<Vec<String>>,
    /// The day of the last sign-in, in UTC.
    pub last: Option<Day>,
    /// Whether a password is set.
    pub has_password: bool,
    /// How many browsers are signed in.
    pub browsers: usize,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLine {
    /// Its number.
    pub id: i64,
    /// The name of what it may do.
    pub scope: &'static str,
    /// The domain of the only site it is good for; nothing for all.
    pub site: Option<String>,
    /// The day on which it was made, in UTC.
    pub added: Day,
}

/// A secret that was just made. Nobody can show it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What it is and how long it is good.
    pub sentence: String,
    /// The link or the token.
    pub secret: String,
}

impl UserLine {
    fn may(&self, words: &Words) -> String {
        words.may(self.is_owner, self.sites.as_deref())
    }

    fn last(&self, words: &Words) -> String {
        self.last.map_or_else(|| words.settings.user_never.to_owned(), |day| words.date(day, words.date_short))
    }

    fn password(&self, words: &Words) -> &'static str {
        if self.has_password { words.settings.user_has_password } else { words.settings.user_has_none }
    }

    fn href(&self) -> String {
        user_href(&self.name)
    }

    /// Which of the three choices it is.
    fn choice(&self) -> &'static str {
        match &self.sites {
            _ if self.is_owner => "owner",
            None => "all",
            Some(_) => "some",
        }
    }
}

/// Where the page of a user is.
pub fn user_href(name: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
    format!("/settings/user?{query}")
}

/// The fields that say what a user may do.
fn may_fields(words: &'static Words, choice: String, sites: String) -> [Field; 2] {
    let texts = &words.settings;
    let option = |value: &str, text: &'static str| (value.to_owned(), Cow::Borrowed(text));
    [
        Field {
            name: "may",
            label: texts.user_may,
            help: "".into(),
            kind: FieldKind::Choice(vec![
                option("some", texts.user_may_some),
                option("all", texts.user_may_all),
                option("owner", texts.user_may_change),
            ]),
            value: choice,
        },
        Field {
            name: "sites",
            label: texts.user_sites,
            help: texts.user_sites_help.into(),
            kind: FieldKind::Lines,
            value: sites,
        },
    ]
}

/// What the fields stand for on the command line.
fn may_flags<'a>(line: &mut Vec<&'a str>, [may, sites]: &'a [Field; 2], is_new: bool) {
    line.extend(["--role", if may.value == "owner" { "owner" } else { "analyst" }]);
    match may.value.as_str() {
        "some" => {
            let named = sites.value.lines().map(str::trim).filter(|site| !site.is_empty());
            let none_yet = line.len();
            line.extend(named.flat_map(|site| ["--site", site]));
            if line.len() == none_yet {
                // Without any it would stand for all of them.
                line.extend(["--site", "example.com"]);
            }
        }
        "all" if !is_new => line.extend(["--site", "all"]),
        _ => {}
    }
}

impl UsersPage {
    fn add_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "user-add");
        let name = Field {
            name: "name",
            label: self.words.user_name,
            help: self.words.one(words.user_name_help, limits::USER_NAME_CHARS_MAX).into(),
            kind: FieldKind::Line,
            value: self.sent.value(id, "name", ""),
        };
        let may = may_fields(self.words, self.sent.value(id, "may", "some"), self.sent.value(id, "sites", ""));
        let shown = if name.value.trim().is_empty() { "Ana" } else { name.value.trim() };
        let mut line = vec!["user", "add", shown];
        may_flags(&mut line, &may, true);
        let command = command(line);
        let fields = std::iter::once(name).chain(may).collect();
        let action = format!("/settings/users/{id}#{id}");
        Form {
            id,
            action,
            fields,
            button: words.user_add_button,
            is_danger: false,
            command,
            flash: self.sent.flash(id),
        }
    }

    /// What was done by a form of the page of a user who is no more.
    fn done(&self) -> Option<FlashMessage> {
        self.sent.flash("user-remove")
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl UserPage {
    fn action(&self, name: &str) -> String {
        format!("/settings/user/{name}#{name}")
    }

    fn flash(&self, form: &str) -> Option<FlashMessage> {
        self.sent.flash(form)
    }

    fn command(&self, words: &[&str]) -> String {
        command(["user"].into_iter().chain(words.iter().copied()).chain([self.user.name.as_str()]))
    }

    fn set_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "user-set");
        let name = Field {
            name: "name",
            label: self.words.user_name,
            help: self.words.one(words.user_name_help, limits::USER_NAME_CHARS_MAX).into(),
            kind: FieldKind::Line,
            value: self.sent.value(id, "name", self.user.name.clone()),
        };
        let sites = self.user.sites.as_ref().map(|sites| sites.join("\n")).unwrap_or_default();
        let choice = self.sent.value(id, "may", self.user.choice());
        let may = may_fields(self.words, choice, self.sent.value(id, "sites", sites));
        let mut line = vec!["user", "set", &self.user.name];
        if name.value.trim() != self.user.name {
            line.extend(["--name", name.value.trim()]);
        }
        may_flags(&mut line, &may, false);
        let command = command(line);
        let user =
            Field { name: "user", label: "", help: "".into(), kind: FieldKind::Hidden, value: self.user.name.clone() };
        let fields = [user, name].into_iter().chain(may).collect();
        Form {
            id,
            action: self.action(id),
            fields,
            button: words.save,
            is_danger: false,
            command,
            flash: self.flash(id),
        }
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl TokenLine {
    fn site<'a>(&'a self, words: &'a Words) -> &'a str {
        self.site.as_deref().unwrap_or(words.all_sites)
    }
}

impl TokensPage {
    fn create_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "token-create");
        let scopes = self.scopes.iter().map(|scope| ((*scope).to_owned(), Cow::Borrowed(words.scope(scope)))).collect();
        let sites = self.sites.iter().map(|site| (site.clone(), Cow::Owned(site.clone())));
        let sites = std::iter::once((String::new(), Cow::Borrowed(self.words.all_sites))).chain(sites).collect();
        let fields = vec![
            Field {
                name: "scope",
                label: words.token_scope,
                help: "".into(),
                kind: FieldKind::Choice(scopes),
                value: self.sent.value(id, "scope", "read"),
            },
            Field {
                name: "site",
                label: self.words.site,
                help: words.token_site_help.into(),
                kind: FieldKind::Choice(sites),
                value: self.sent.value(id, "site", ""),
            },
        ];
        let mut line = vec!["token", "create", "--scope", &fields[0].value];
        if !fields[1].value.is_empty() {
            line.extend(["--site", &fields[1].value]);
        }
        let command = command(line);
        let action = format!("/settings/tokens/{id}#{id}");
        Form {
            id,
            action,
            fields,
            button: words.token_create_button,
            is_danger: false,
            command,
            flash: self.sent.flash(id),
        }
    }

    fn flash(&self, form: &str) -> Option<FlashMessage> {
        self.sent.flash(form)
    }

    fn revoke_command(&self) -> String {
        let id = self.tokens.first().map_or(1, |token| token.id);
        command(["token", "revoke", &id.to_string()])
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}
