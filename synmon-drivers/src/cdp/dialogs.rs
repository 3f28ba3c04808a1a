//! The dialogs that a page has opened.

/// How many dialogs are remembered until somebody asks, and how much of the text of each.
const MAX_DIALOGS: usize = 50;
const MAX_DIALOG_CHARS: usize = 1_000;

/// The texts of dialogs that nobody has asked for yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct Dialogs(Vec<String>);

impl Dialogs {
    /// One has opened.
    pub(super) fn opened(&mut self, text: &str) {
        if self.0.len() < MAX_DIALOGS {
            self.0.push(text.trim().chars().take(MAX_DIALOG_CHARS).collect());
        }
    }

    /// The texts since this was last asked.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0)
    }
}
