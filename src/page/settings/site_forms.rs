//! In: what is set for a site, and what was typed. Out: the forms that change it. Forgets: nothing.

use std::borrow::Cow;

use super::SiteSettingsPage;
use crate::limits;
use crate::page::form::{Field, Form, Kind, command};
use crate::site::AddressMode;

/// What a form of a site has that is not the same for all.
struct Parts {
    id: &'static str,
    section: &'static str,
    button: &'static str,
    fields: Vec<Field>,
    command: String,
}

impl SiteSettingsPage {
    fn form(&self, parts: Parts) -> Form {
        Form {
            id: parts.id,
            action: self.action(parts.id, parts.section),
            fields: parts.fields,
            button: parts.button,
            is_danger: false,
            command: parts.command,
            told: self.sent.told(parts.id),
        }
    }

    fn lines(&self, form: &str, name: &'static str, label: &'static str, help: &'static str, is: &[String]) -> Field {
        let value = self.sent.value(form, name, is.join("\n"));
        Field { name, label, help: help.into(), kind: Kind::Lines, value }
    }

    pub(super) fn site_form(&self) -> Form {
        let (words, settings, id) = (&self.words.settings, &self.site.settings, "site");
        let next = self.site.schedule.next().map(|(_, zone)| zone.to_owned());
        let mut zone_help = words.time_zone_help.to_owned();
        if let Some(zone) = &next {
            zone_help = format!("{zone_help} {}", self.words.one(words.time_zone_next, zone));
        }
        let zone = next.unwrap_or_else(|| self.site.schedule.name().to_owned());
        let choice = |mode: AddressMode, text: &'static str| (mode.name().to_owned(), Cow::Borrowed(text));
        let tick = |name: &'static str, label, help: Cow<'static, str>, is: bool| Field {
            name,
            label,
            help,
            kind: Kind::Tick,
            value: self.sent.value(id, name, if is { "true" } else { "" }),
        };
        let fields = vec![
            Field {
                name: "timezone",
                label: words.time_zone,
                help: zone_help.into(),
                kind: Kind::Zone,
                value: self.sent.value(id, "timezone", zone),
            },
            self.lines(id, "hosts", words.hosts, words.hosts_help, &settings.hosts),
            self.lines(id, "aliases", words.aliases, words.aliases_help, &settings.aliases),
            Field {
                name: "address",
                label: words.address,
                help: words.address_help.into(),
                kind: Kind::Choice(vec![
                    choice(AddressMode::Hash, words.address_hash),
                    choice(AddressMode::Truncate, words.address_truncate),
                    choice(AddressMode::None, words.address_none),
                ]),
                value: self.sent.value(id, "address", settings.address.name()),
            },
            tick("opt_out", words.opt_out, words.opt_out_help.into(), settings.opt_out),
            tick("subdomain_referrers", words.subdomains, words.subdomains_help.into(), settings.subdomain_referrers),
            tick("counter", words.counter, self.words.one(words.counter_help, self.domain()).into(), settings.counter),
        ];
        let (hosts, aliases) = (typed(&fields[1]), typed(&fields[2]));
        let mut line = vec!["site", "set", self.domain(), "--timezone", fields[0].value.trim()];
        listed(&mut line, "--host", &hosts, Some("any"));
        listed(&mut line, "--alias", &aliases, None);
        line.extend(["--address", &fields[3].value]);
        for (flag, place) in [("--opt-out", 4), ("--subdomain-referrers", 5), ("--counter", 6)] {
            line.extend([flag, yes(&fields[place].value)]);
        }
        let command = command(line);
        self.form(Parts { id, section: id, button: words.save, fields, command })
    }

    pub(super) fn budgets_form(&self) -> Form {
        let (words, budget, id) = (&self.words.settings, self.site.settings.budget, "budgets");
        let number = |name, label, help: &str, is: u32, most: u32| Field {
            name,
            label,
            help: self.words.one(help, self.words.exact(most.into())).into(),
            kind: Kind::Number { most },
            value: self.sent.value(id, name, is.to_string()),
        };
        let fields = vec![
            number("values_max", words.values_max, words.values_max_help, budget.values, limits::VALUES_PER_DAY_MAX),
            number(
                "pair_cells_max",
                words.pair_cells_max,
                words.pair_cells_max_help,
                budget.pair_cells,
                limits::PAIR_CELLS_PER_DAY_MAX,
            ),
        ];
        let (values, cells) = (fields[0].value.clone(), fields[1].value.clone());
        let line = vec!["site", "set", self.domain(), "--values-max", &values, "--pair-cells-max", &cells];
        let command = command(line);
        self.form(Parts { id, section: id, button: words.save, fields, command })
    }

    pub(super) fn paths_form(&self) -> Form {
        let (words, rules, id) = (&self.words.settings, &self.site.settings.paths, "paths");
        let choice = |value: &str, text: &'static str| (value.to_owned(), Cow::Borrowed(text));
        let choices = |name, label, is: &str, of: Vec<(String, Cow<'static, str>)>| Field {
            name,
            label,
            help: "".into(),
            value: self.sent.value(id, name, is),
            kind: Kind::Choice(of),
        };
        let slashes =
            vec![choice("keep", words.slash_keep), choice("strip", words.slash_strip), choice("add", words.slash_add)];
        let cases = vec![choice("keep", words.case_keep), choice("lower", words.case_lower)];
        let fields = vec![
            self.lines(id, "templates", words.templates, words.templates_help, &rules.templates),
            self.lines(id, "masks", words.masks, words.masks_help, &rules.masks),
            choices("slash", words.slash, rules.slash.name(), slashes),
            choices("case", words.case, rules.case.name(), cases),
            self.lines(id, "query_keys", words.query_keys, words.query_keys_help, &rules.query_keys),
            Field {
                name: "personal",
                label: words.personal,
                help: words.personal_help.into(),
                kind: Kind::Line,
                value: self.sent.value(id, "personal", rules.personal.to_string()),
            },
            self.lines(id, "by_name", words.by_name, words.by_name_help, &rules.by_name),
        ];
        let lists = [typed(&fields[0]), typed(&fields[1]), typed(&fields[4]), typed(&fields[6])];
        let personal = fields[5].value.trim().to_owned();
        let choice = [fields[2].value.clone(), fields[3].value.clone()];
        let mut line = vec!["site", "set", self.domain()];
        listed(&mut line, "--path-template", &lists[0], Some("none"));
        listed(&mut line, "--path-mask", &lists[1], Some("none"));
        line.extend(["--path-slash", &choice[0], "--path-case", &choice[1]]);
        listed(&mut line, "--query-key", &lists[2], Some("none"));
        line.extend(["--personal-paths", &personal]);
        listed(&mut line, "--path-by-name", &lists[3], Some("none"));
        let command = command(line);
        self.form(Parts { id, section: id, button: words.save, fields, command })
    }

    pub(super) fn exclusions_form(&self) -> Form {
        let (words, exclude, id) = (&self.words.settings, &self.site.settings.exclude, "exclusions");
        let networks: Vec<String> = exclude.networks.iter().map(ToString::to_string).collect();
        let fields = vec![
            self.lines(id, "exclude_ips", words.exclude_ips, words.exclude_ips_help, &networks),
            self.lines(
                id,
                "exclude_countries",
                words.exclude_countries,
                words.exclude_countries_help,
                &exclude.countries,
            ),
            self.lines(id, "exclude_paths", words.exclude_paths, words.exclude_paths_help, &exclude.paths),
            self.lines(id, "exclude_hosts", words.exclude_hosts, words.exclude_hosts_help, &exclude.hosts),
        ];
        let lists: Vec<Vec<String>> = fields.iter().map(typed).collect();
        let mut line = vec!["site", "set", self.domain()];
        let flags = ["--exclude-ip", "--exclude-country", "--exclude-path", "--exclude-host"];
        for (flag, list) in flags.into_iter().zip(&lists) {
            listed(&mut line, flag, list, Some("none"));
        }
        let command = command(line);
        self.form(Parts { id, section: id, button: words.save, fields, command })
    }

    pub(super) fn goal_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "goal-add");
        let line = |name, label, help: &'static str| Field {
            name,
            label,
            help: help.into(),
            kind: Kind::Line,
            value: self.sent.value(id, name, ""),
        };
        let fields = vec![
            line("target", words.goal_target, words.goal_target_help),
            line("name", words.goal_name, words.goal_name_help),
        ];
        let (target, name) = (or(&fields[0].value, "Signup"), or(&fields[1].value, "Sign-ups"));
        let line = vec!["goal", "add", self.domain(), &target, "--name", &name];
        let command = command(line);
        self.form(Parts { id, section: id, button: words.add, fields, command })
    }

    pub(super) fn funnel_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "funnel-add");
        let steps = self.words.one(words.funnel_steps_help, limits::FUNNEL_STEPS_MAX);
        let fields = vec![
            Field {
                name: "name",
                label: words.goal_name,
                help: words.funnel_name_help.into(),
                kind: Kind::Line,
                value: self.sent.value(id, "name", ""),
            },
            Field {
                name: "steps",
                label: words.funnel_steps,
                help: steps.into(),
                kind: Kind::Lines,
                value: self.sent.value(id, "steps", ""),
            },
        ];
        let (name, steps) = (or(&fields[0].value, "Checkout"), typed(&fields[1]));
        let mut line = vec!["funnel", "add", self.domain(), &name];
        match steps.as_slice() {
            [] => line.extend(["/cart", "/checkout", "Purchase"]),
            steps => line.extend(steps.iter().map(String::as_str)),
        }
        let command = command(line);
        self.form(Parts { id, section: id, button: words.add, fields, command })
    }

    pub(super) fn annotation_form(&self) -> Form {
        let (words, id) = (&self.words.settings, "annotation-add");
        let hours = (0..24).map(|hour| (format!("{hour:02}"), Cow::Owned(format!("{hour:02}:00"))));
        let hours = std::iter::once((String::new(), Cow::Borrowed(words.whole_day))).chain(hours).collect();
        let today = self.today.to_string();
        let fields = vec![
            Field {
                name: "text",
                label: words.annotation_text,
                help: self.words.one(words.annotation_text_help, limits::ANNOTATION_CHARS_MAX).into(),
                kind: Kind::Line,
                value: self.sent.value(id, "text", ""),
            },
            Field {
                name: "day",
                label: self.words.day,
                help: words.annotation_day_help.into(),
                kind: Kind::Date,
                value: self.sent.value(id, "day", today),
            },
            Field {
                name: "hour",
                label: self.words.hour,
                help: words.annotation_hour_help.into(),
                kind: Kind::Choice(hours),
                value: self.sent.value(id, "hour", ""),
            },
        ];
        let (text, hour) = (or(&fields[0].value, "Version 2 is out"), &fields[2].value);
        let at = format!("{}{}{hour}", fields[1].value, if hour.is_empty() { "" } else { "T" });
        let line = vec!["annotation", "add", self.domain(), &text, "--at", &at];
        let command = command(line);
        self.form(Parts { id, section: id, button: words.add, fields, command })
    }
}

/// The lines of a field that say something.
fn typed(field: &Field) -> Vec<String> {
    let lines = field.value.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// A flag as often as there are values, or once with the word that empties the list.
fn listed<'a>(line: &mut Vec<&'a str>, flag: &'static str, values: &'a [String], none: Option<&'static str>) {
    for value in values {
        line.extend([flag, value.as_str()]);
    }
    if let (true, Some(none)) = (values.is_empty(), none) {
        line.extend([flag, none]);
    }
}

fn or(typed: &str, example: &str) -> String {
    if typed.trim().is_empty() { example.to_owned() } else { typed.trim().to_owned() }
}

fn yes(value: &str) -> &'static str {
    if value.is_empty() { "false" } else { "true" }
}
