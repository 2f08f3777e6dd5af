//! What the README shows is what the program says: the picture of its first command, and its links to rules.

use std::fmt::Write as _;
use std::path::Path;

use super::stage::Stage;

const README: &str = include_str!("../../../README.md");
const FONT: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";
/// A column and a line of the picture.
const COLUMN: f32 = 7.8;
const LINE: usize = 18;

/// The arguments of the first command of the README, behind `cargo run … --`.
fn arguments() -> Vec<&'static str> {
    let line = README.lines().find(|line| line.starts_with("$ cargo run ")).expect("the README begins with a run");
    let (_, arguments) = line.split_once(" -- ").expect("the program's arguments stand behind `--`");
    arguments.split('#').next().unwrap_or("").split_whitespace().collect()
}

/// The first finding that the command tells, with its colours.
fn first_finding() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stage = Stage { folder: root.to_path_buf() };
    let played = stage.run(&[&["check"], &arguments()[..], &["--color", "always"]].concat());
    assert_eq!(played.code, 1, "{}", played.err);
    played.out.split("\n\n").next().unwrap_or("").to_owned()
}

/// How a piece of text is written.
#[derive(Clone, Copy, Default)]
struct Style {
    bold: bool,
    inverse: bool,
    colour: Option<(u8, u8, u8)>,
}

/// Pieces of a line with their styles; codes that the program does not write are a mistake.
fn pieces(line: &str) -> Vec<(Style, String)> {
    let mut style = Style::default();
    let mut found = Vec::new();
    for (index, part) in line.split("\u{1b}[").enumerate() {
        let text = match index {
            0 => part,
            _ => {
                let (codes, text) = part.split_once('m').expect("a code ends with m");
                style = styled(style, codes);
                text
            }
        };
        if !text.is_empty() {
            found.push((style, text.to_owned()));
        }
    }
    found
}

fn styled(style: Style, codes: &str) -> Style {
    match codes.split(';').collect::<Vec<_>>().as_slice() {
        ["0"] => Style::default(),
        ["1"] => Style { bold: true, ..style },
        ["7"] => Style { inverse: true, ..style },
        ["38", "2", red, green, blue] => {
            let number = |text: &str| text.parse().expect("a part of a colour");
            Style { colour: Some((number(red), number(green), number(blue))), ..style }
        }
        other => panic!("an unknown style: {other:?}"),
    }
}

/// Paper and ink of a picture, and how the blue of frames shows on it.
struct Paper {
    ground: &'static str,
    ink: &'static str,
    blue: &'static str,
}

const LIGHT: Paper = Paper { ground: "#ffffff", ink: "#1f2328", blue: "#0072b2" };
const DARK: Paper = Paper { ground: "#0d1117", ink: "#e6edf3", blue: "#56b4e9" };

fn picture(text: &str, paper: &Paper) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let widest =
        lines.iter().map(|line| pieces(line).iter().map(|(_, text)| text.chars().count()).sum()).max().unwrap_or(0);
    let (width, height) = ((widest as f32 * COLUMN) as usize + 32, lines.len() * LINE + 24);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"{FONT}\" font-size=\"13\" fill=\"{}\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        paper.ink, paper.ground
    );
    for (number, line) in lines.iter().enumerate() {
        let baseline = number * LINE + 26;
        let _ = write!(out, "<text x=\"16\" y=\"{baseline}\" xml:space=\"preserve\">");
        for (style, text) in pieces(line) {
            let colour = match style.colour {
                None => paper.ink.to_owned(),
                Some((0, 114, 178)) => paper.blue.to_owned(),
                Some((red, green, blue)) => format!("#{red:02x}{green:02x}{blue:02x}"),
            };
            let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
            // A picture of text has no inverse: what is inverse is underlined.
            let line = if style.inverse { " text-decoration=\"underline\"" } else { "" };
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = write!(out, "<tspan fill=\"{colour}\"{weight}{line}>{text}</tspan>");
        }
        out.push_str("</text>\n");
    }
    out + "</svg>\n"
}

#[test]
fn the_picture_is_what_the_first_command_says() {
    let finding = first_finding();
    for (name, paper) in [("finding-light.svg", LIGHT), ("finding-dark.svg", DARK)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src").join(name);
        let drawn = picture(&finding, &paper);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &drawn).expect("the picture can be written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(drawn, there, "{name}: UPDATE=1 cargo test draws it anew");
        assert!(README.contains(&format!("docs/src/{name}")), "{name}");
    }
}

#[test]
fn the_first_screen_is_a_screen() {
    let first = README.split("\n## How it decides").next().unwrap_or("");
    assert!(first.lines().count() <= 45, "{}", first.lines().count());
    assert!(first.lines().filter(|line| line.starts_with("- ") && line.contains("](rules/")).count() == 5);
}
