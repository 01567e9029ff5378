//! The pages of `docs/rules`, which are generated from the rules' source files.

use entra_auth_policy::rule::Rule;
use entra_auth_policy::rules;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The address of the pages.
const SITE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules");

pub(crate) struct Page {
    /// One sentence: what is wrong.
    pub sentence: &'static str,
    /// Everything below the table: why, fix, source, with examples. Markdown.
    pub body: &'static str,
}

/// The page of a rule. A test makes sure that every rule has one.
pub(crate) fn of(rule: &Rule) -> Page {
    let text = PAGES.iter().find(|(id, _)| *id == rule.id).map_or("", |(_, text)| text);
    let after_title = text.split_once(&format!("# {}\n\n", rule.id)).map_or(text, |(_, rest)| rest);
    let (sentence, rest) = after_title.split_once("\n\n").unwrap_or((after_title, ""));
    let body = rest.split_once("\n\n").map_or(rest, |(_, body)| body);
    Page { sentence, body: body.trim_end() }
}

pub(crate) fn url(rule: &Rule) -> String {
    format!("{SITE}/{}.md", rule.id)
}

/// All rules with their groups' titles, the one that is always on first.
pub(crate) fn rules() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    let groups = rules::GROUPS.iter().flat_map(|group| group.rules.iter().map(|rule| (group.title, *rule)));
    std::iter::once(("Always on", &rules::UNREADABLE)).chain(groups)
}

/// The rule with that id, or else the most similar id.
pub(crate) fn find(id: &str) -> Result<&'static Rule, Option<&'static str>> {
    if let Some((_, rule)) = rules().find(|(_, rule)| rule.id == id) {
        return Ok(rule);
    }
    let near = rules().map(|(_, rule)| (strsim::damerau_levenshtein(id, rule.id), rule.id)).min();
    Err(near.filter(|(distance, name)| *distance <= name.len() / 3).map(|(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_page() {
        let mut count = 0;
        for (_, rule) in rules() {
            let page = of(rule);
            assert!(page.sentence.len() > 20 && page.sentence.ends_with('.'), "{}: {}", rule.id, page.sentence);
            assert!(
                page.body.starts_with("## Why\n") && page.body.contains("\n## Fix\n"),
                "{}: {}",
                rule.id,
                page.body
            );
            count += 1;
        }
        assert_eq!(count, PAGES.len());
        assert_eq!(format!("{SITE}.md"), entra_auth_policy::message::DOCS);
    }

    #[test]
    fn misspelt_ids_are_recognised() {
        assert_eq!(find("binding-anonymous").unwrap().id, "binding-anonymous");
        assert_eq!(find("binding-anonymus").unwrap_err(), Some("binding-anonymous"));
        assert_eq!(find("anything").unwrap_err(), None);
    }
}
