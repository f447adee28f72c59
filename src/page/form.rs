//! Forms of the settings pages. What was typed is shown again where it was refused.

use std::borrow::Cow;

/// A form of a page of settings.
#[derive(Debug, Clone)]
pub struct Form {
    /// Its name, which begins the ids of its fields.
    pub id: &'static str,
    /// Where it is sent, by POST.
    pub action: String,
    /// What it asks for.
    pub fields: Vec<Field>,
    /// What its button says.
    pub button: &'static str,
    /// Whether it takes away what nothing brings back.
    pub is_danger: bool,
    /// The command that does the same.
    pub command: String,
    /// What came of it when it was sent.
    pub flash: Option<FlashMessage>,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What stands above it.
    pub label: &'static str,
    /// What stands below it; every other part between backticks is code. Empty where the label says all.
    pub help: Cow<'static, str>,
    /// What can be typed or chosen.
    pub kind: FieldKind,
    /// What it holds; of a box `true` when it is ticked.
    pub value: String,
}

/// What can be typed into a field, or chosen.
#[derive(Debug, Clone)]
pub enum FieldKind {
    /// One line.
    Line,
    /// One line, with the names of all time zones to choose from.
    Zone,
    /// One line that nobody reads over a shoulder; what was typed is not shown again.
    Secret,
    /// Several lines.
    Lines,
    /// A number.
    Number {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A day.
    Date,
    /// One of several: value and text.
    Choice(Vec<(String, Cow<'static, str>)>),
    /// Some of several: value and text. What the field holds has a line for each.
    Ticks(Vec<(String, Cow<'static, str>)>),
    /// Yes or no.
    Tick,
    /// Nothing to fill in: what the form is about.
    Hidden,
}

/// What came of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlashMessage {
    /// It was done: the collector's words, in English.
    Done(String),
    /// It was refused: the same.
    Wrong(String),
    /// This is what it would do: the same. It is done when it is confirmed.
    Ask(String),
}

/// The form that was sent last, and what came of it.
#[derive(Debug, Clone, Default)]
pub struct SentForm {
    /// Its name; nothing fits an empty one.
    pub form: String,
    /// What was typed into it.
    pub values: Vec<(String, String)>,
    /// What came of it.
    pub flash: Option<FlashMessage>,
}

impl SentForm {
    /// What came of a form, if it is the one.
    pub fn flash(&self, form: &str) -> Option<FlashMessage> {
        self.flash.clone().filter(|_| self.form == form)
    }

    /// What a field shows: as typed where it was refused, is to be confirmed or was not sent yet, else what there is.
    pub fn value(&self, form: &str, field: &str, there_is: impl Into<String>) -> String {
        match self.flash(form) {
            Some(FlashMessage::Wrong(_) | FlashMessage::Ask(_)) => self.typed(field),
            None if self.form == form && !self.values.is_empty() => self.typed(field),
            _ => there_is.into(),
        }
    }

    fn typed(&self, field: &str) -> String {
        let typed = self.values.iter().filter(|(name, _)| name == field).map(|(_, value)| value.as_str());
        typed.collect::<Vec<_>>().join("\n")
    }
}

impl Form {
    /// Whether it was refused.
    pub fn wrong(&self) -> Option<&str> {
        match &self.flash {
            Some(FlashMessage::Wrong(sentence)) => Some(sentence),
            _ => None,
        }
    }

    /// What was done by it.
    pub fn done(&self) -> Option<&str> {
        match &self.flash {
            Some(FlashMessage::Done(text)) => Some(text),
            _ => None,
        }
    }
}

impl Field {
    /// How many lines it shows: one more than there are, so that there is room to type.
    pub fn rows(&self) -> usize {
        (self.value.lines().count() + 1).clamp(2, 10)
    }

    /// Whether it is a box, whose label stands behind it.
    pub fn is_tick(&self) -> bool {
        matches!(self.kind, FieldKind::Tick)
    }

    /// Whether it holds one of several.
    pub fn holds(&self, value: &str) -> bool {
        self.value.lines().any(|line| line == value)
    }

    /// Whether there is nothing to fill in.
    pub fn is_hidden(&self) -> bool {
        matches!(self.kind, FieldKind::Hidden)
    }
}

/// A command line, each word as a shell reads it.
pub fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::from("headcount");
    for word in words {
        line.push(' ');
        line.push_str(&quoted(word));
    }
    line
}

fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', "'\\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_a_shell_reads_it() {
        let words = ["goal", "add", "example.com", "/blog/**", "--name", "It's read", ""];
        assert_eq!(command(words), r"headcount goal add example.com '/blog/**' --name 'It'\''s read' ''");
        assert_eq!(command(["x", "$(id)", "a;b", "ü"]), "headcount x '$(id)' 'a;b' ü");
    }

    #[test]
    fn what_was_typed_stays_where_it_was_refused() {
        let wrong = SentForm {
            form: "goal-add".into(),
            values: vec![("target".into(), "x y".into())],
            flash: Some(FlashMessage::Wrong("no".into())),
        };
        assert_eq!(wrong.value("goal-add", "target", "before"), "x y");
        assert_eq!(wrong.value("goal-add", "box", "true"), "", "a box that is not ticked is not sent");
        assert_eq!(wrong.value("site", "target", "before"), "before");
        let done = SentForm { flash: Some(FlashMessage::Done("yes".into())), ..wrong };
        assert_eq!(done.value("goal-add", "target", "before"), "before");
        assert_eq!(
            (SentForm::default().flash("site"), done.flash("goal-add")),
            (None, Some(FlashMessage::Done("yes".into())))
        );
    }
}
