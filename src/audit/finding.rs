//! What an audit found: findings, which make it fail, and notices, which are worth a look.

use serde::Serialize;

use super::trace::TraceForm;

/// Something that should not be where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AuditFinding {
    /// What it is, in one word: `address`, `mail`, `stray_column` and so on.
    pub kind: String,
    /// What it is, in words.
    pub what: String,
    /// The file, below the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where in it, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The table that the place is of, or `(free page)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The column that has it; nothing where no row has it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<TraceForm>,
    /// Its shape: an `a` for each letter, a `9` for each digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
}

/// Something that is no finding, and that an operator may want to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Notice {
    /// What it is, in one word.
    pub kind: String,
    /// What it is, in a sentence.
    pub what: String,
}

impl AuditFinding {
    /// One that says everything in words.
    pub(super) fn of(kind: &str, what: impl Into<String>) -> AuditFinding {
        AuditFinding { kind: kind.to_owned(), what: what.into(), ..AuditFinding::default() }
    }

    /// The same, in a file.
    pub(super) fn in_file(self, file: impl Into<String>) -> AuditFinding {
        AuditFinding { file: Some(file.into()), ..self }
    }

    /// In one line.
    pub fn line(&self) -> String {
        let mut line = self.what.clone();
        if let Some(file) = &self.file {
            line.push_str(&format!(" in {file}"));
        }
        if let Some(offset) = self.offset {
            line.push_str(&format!(" at byte {offset}"));
        }
        match (&self.table, &self.column) {
            (Some(table), Some(column)) => line.push_str(&format!(", {table}.{column}")),
            (Some(table), None) => line.push_str(&format!(", {table}")),
            _ => {}
        }
        if let Some(form) = self.form.filter(|form| *form != TraceForm::Plain) {
            line.push_str(&format!(", as {form:?}").to_lowercase());
        }
        if let Some(shape) = &self.shape {
            line.push_str(&format!(": {shape}"));
        }
        line
    }
}

impl Notice {
    pub(super) fn of(kind: &str, what: impl Into<String>) -> Notice {
        Notice { kind: kind.to_owned(), what: what.into() }
    }
}
