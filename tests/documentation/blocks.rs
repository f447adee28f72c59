//! The blocks of code in the documents, and what they name within sentences.

use std::fs;
use std::path::{Path, PathBuf};

/// A block between fences.
#[derive(Debug, Clone)]
pub struct Block {
    /// The file, from the root of the project.
    pub document: String,
    /// The line on which its text begins.
    pub line: usize,
    /// The word after the fence.
    pub language: String,
    pub text: String,
}

impl Block {
    /// Its commands: lines, joined where one goes on, each with the number of its first. Comments are left out.
    pub fn commands(&self) -> Vec<(usize, String)> {
        let mut found: Vec<(usize, String)> = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for (at, line) in self.text.lines().enumerate() {
            let (first, text) = match open.take() {
                Some((first, before)) => (first, format!("{before}\n{line}")),
                None => (self.line + at, line.to_owned()),
            };
            if line.trim_end().ends_with('\\') || is_quoted(&text) {
                open = Some((first, text));
            } else if !text.trim().is_empty() && !text.trim_start().starts_with('#') {
                found.push((first, text));
            }
        }
        assert!(open.is_none(), "{}:{}: the last command has no end", self.document, self.line);
        found
    }

    /// Where it stands, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }
}

/// Whether a text ends within quotes.
fn is_quoted(text: &str) -> bool {
    let (mut quote, mut before) = (None, ' ');
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None | Some('"'), '\\') => drop(letters.next()),
            (None, '#') if before.is_whitespace() => drop(letters.find(|c| *c == '\n')),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    quote.is_some()
}

/// The program, arguments and operators of a command, as far as a reader needs them: words without their quotes.
pub fn words(command: &str) -> Vec<String> {
    let bare = command.split(" #").next().unwrap_or_default();
    bare.split_whitespace().map(|word| word.trim_matches(['\'', '"']).to_owned()).collect()
}

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All documents: Markdown in the project, wherever it stands.
pub fn documents() -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![root().to_owned()]);
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" && name != "data" {
                open.push(path);
            } else if name.ends_with(".md") {
                found.push(shown(path));
            }
        }
    }
    found.sort();
    found
}

fn shown(path: PathBuf) -> (String, String) {
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    (name, fs::read_to_string(path).unwrap())
}

/// The blocks of a document, in order.
pub fn blocks(document: &str, text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            // A block within a list is as far from the edge as its fence.
            let edge = &line[..line.len() - line.trim_start().len()];
            let body: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line.strip_prefix(edge).unwrap_or(line))
                .take_while(|line| line.trim_start() != "```")
                .collect();
            let (document, language) = (document.to_owned(), language.trim().to_owned());
            found.push(Block { document, line: at + 2, language, text: body.join("\n") });
        }
    }
    found
}

/// What stands between backticks outside of blocks, each with its line.
pub fn inline(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut is_block) = (Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            found.extend(line.split('`').skip(1).step_by(2).map(|code| (at + 1, code.to_owned())));
        }
    }
    found
}

#[test]
fn blocks_and_commands_are_found_as_a_shell_reads_them() {
    let text = "# A\n```sh\na 'b\n c' # it's\n# note\nd \\\n  e; f\n```\n## B `x --y`\n```toml\nk = 1\n```\n1. C\n   ```sh\n   f\n     g\n   ```\n";
    let found = blocks("x.md", text);
    assert_eq!(found.len(), 3);
    assert_eq!(found[2].text, "f\n  g");
    let commands = found[0].commands();
    assert_eq!(commands, [(3, "a 'b\n c' # it's".to_owned()), (6, "d \\\n  e; f".to_owned())]);
    assert_eq!((found[1].language.as_str(), found[1].line), ("toml", 11));
    assert_eq!(inline(text), [(9, "x --y".to_owned())]);
}
