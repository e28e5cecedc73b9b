//! Finding controls by words.
use super::domain::Control;

/// Every word of `q` occurs in the key, the title, the category or the statement, in one of the two
/// languages, whatever its case.
pub fn matches(control: &Control, q: &str) -> bool {
    let mut text = control.key.clone();
    for part in
        [Some(&control.title), control.category.as_ref(), Some(&control.statement)].into_iter().flatten()
    {
        for words in [&part.ja, &part.en] {
            text.push('\n');
            text.push_str(words);
        }
    }
    let text = text.to_lowercase();
    q.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
