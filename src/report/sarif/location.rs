//! Places as SARIF locations: relative, percent-encoded paths and regions of one line, because an alert shows in a pull
//! request only if all its lines are in the diff.

use std::collections::HashMap;

use crate::finding::{AddressedPlace, Finding};
use crate::report::escape::visible;
use crate::report::view::{Tabs, Views};
use crate::source::{FileId, Span};

use super::SarifProfile;
use super::line_hash::line_hashes;
use super::types::{ArtifactLocation, Location, LogicalLocation, Message, PhysicalLocation, Region};

/// How many lines around a place the profile `full` shows.
const CONTEXT: u32 = 2;

/// Makes locations and remembers the line hashes of each file.
pub(super) struct Locations<'a> {
    pub(super) views: Views<'a>,
    profile: SarifProfile,
    hashes: HashMap<FileId, Vec<String>>,
}

impl<'a> Locations<'a> {
    pub(super) fn new(views: Views<'a>, profile: SarifProfile) -> Locations<'a> {
        Locations { views, profile, hashes: HashMap::new() }
    }

    /// A place without address and words; nothing where the path is empty.
    pub(super) fn plain(&self, span: Span) -> Option<Location> {
        let path = self.views.path(span);
        if path.is_empty() {
            return None;
        }
        let physical_location = PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(path) },
            region: Some(self.region(span)),
            context_region: match self.profile {
                SarifProfile::Github => None,
                SarifProfile::Full => self.context(span),
            },
        };
        Some(Location { id: None, physical_location, logical_locations: Vec::new(), message: None })
    }

    pub(super) fn addressed(&self, place: &AddressedPlace) -> Option<Location> {
        let logical = LogicalLocation { fully_qualified_name: visible(&place.address).into_owned() };
        Some(Location { logical_locations: vec![logical], ..self.plain(place.span())? })
    }

    /// A step of a way, with its words.
    pub(super) fn step(&self, place: &AddressedPlace, text: String) -> Option<Location> {
        Some(Location { message: Some(Message { text }), ..self.plain(place.span())? })
    }

    pub(super) fn line_hash(&mut self, span: Span) -> String {
        let line = self.views.start(span).line as usize;
        let world = self.views.world;
        let hashes =
            self.hashes.entry(span.file).or_insert_with(|| line_hashes(world.file(span.file).bytes().unwrap_or(b"")));
        hashes.get(line - 1).or(hashes.last()).cloned().unwrap_or_default()
    }

    /// The part of a span on its first line.
    fn region(&self, span: Span) -> Region {
        let first = self.views.first_line_of(span);
        let (start, end) = (self.views.start(first), self.views.end(first));
        let snippet = match self.profile {
            SarifProfile::Github => None,
            SarifProfile::Full => Some(Message { text: self.views.stretch(first) }),
        };
        Region {
            start_line: start.line,
            start_column: start.column16,
            end_line: start.line,
            end_column: if end.line == start.line { end.column16.max(start.column16) } else { start.column16 },
            snippet,
        }
    }

    /// The exact region, for edits.
    pub(super) fn whole(&self, span: Span) -> Region {
        let (start, end) = (self.views.start(span), self.views.end(span));
        Region {
            start_line: start.line,
            start_column: start.column16,
            end_line: end.line,
            end_column: end.column16,
            snippet: None,
        }
    }

    fn context(&self, span: Span) -> Option<Region> {
        let file = self.views.world.file(span.file);
        let text = file.text()?;
        let line = self.views.start(span).line;
        let first = line.saturating_sub(CONTEXT).max(1);
        let last = (line + CONTEXT).min(file.lines().n_lines() as u32);
        let lines: Vec<String> = (first..=last)
            .map(|number| {
                let near = if number == line { span.start as usize } else { 0 };
                self.views.line(span.file, number, near, Tabs::Keep).text()
            })
            .collect();
        let end = file.lines().line_range(text, last).end as u32;
        let end = self.views.start(Span { file: span.file, start: end, end });
        Some(Region {
            start_line: first,
            start_column: 1,
            end_line: last,
            end_column: end.column16,
            snippet: Some(Message { text: lines.join("\n") }),
        })
    }
}

/// The place where an alert stands: never in an installed module, which is not in the repository, but at the last step
/// before it.
pub(super) fn outside_of_modules<'f>(views: Views<'_>, finding: &'f Finding) -> &'f AddressedPlace {
    let is_inside = |place: &&AddressedPlace| !views.path(place.span()).contains(".terraform/modules/");
    if is_inside(&&finding.primary) {
        return &finding.primary;
    }
    finding.paths.iter().flat_map(|path| path.steps.iter().rev()).find(is_inside).unwrap_or(&finding.primary)
}

/// A relative path as a URI: each segment percent-encoded, nothing that could be a scheme.
pub(super) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_are_encoded_by_segment() {
        assert_eq!(super::uri("a b/ü:c.tf"), "a%20b/%C3%BC%3Ac.tf");
        assert_eq!(super::uri(".github/workflows/x.yml"), ".github/workflows/x.yml");
    }
}
