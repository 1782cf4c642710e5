//! The machine as a drawing: SVG, laid out by [`crate::layout`], each procedure in a lane of its own.

use std::fmt::Write as _;

use indexmap::IndexMap;
use vocabulary::Locale;

use crate::compiled::Program;
use crate::definition::{Action, Name, Role, State, StateKind};
use crate::layout::{Arrow, Layout, Point, Route, Size, layout};

/// Heights of letters, in units of the picture.
const STATE_TEXT: i64 = 14;
const SMALL_TEXT: i64 = 11;
const TITLE_TEXT: i64 = 18;
/// Around the picture and inside of lanes.
const MARGIN: i64 = 24;
const PADDING: i64 = 10;
/// Where labels of arrows and states break, in units of the picture.
const LABEL_WIDTH: i64 = 132;
const STATE_WIDTH: i64 = 190;

/// The case and its procedures as an SVG, with labels in one language.
#[must_use]
pub fn svg(program: &Program, locale: Locale) -> String {
    let archetype = &program.definition().archetype;
    let title = program.definition().program.title.get(locale).to_owned();
    let own = Lane::new(title, &archetype.states, &archetype.actions, locale);
    let beside: Vec<Lane> = archetype
        .procedures
        .values()
        .map(|rule| Lane::new(rule.label.get(locale).to_owned(), &rule.states, &rule.actions, locale))
        .collect();
    let mut placed = vec![(&own, Point { x: MARGIN, y: MARGIN })];
    // Procedures fill columns to the right, each as high as the case's own lane.
    let (mut x, mut y, mut widest) = (MARGIN * 2 + own.width, MARGIN, 0);
    for lane in &beside {
        if y > MARGIN && y + lane.height > MARGIN + own.height {
            x += widest + MARGIN;
            (y, widest) = (MARGIN, 0);
        }
        placed.push((lane, Point { x, y }));
        y += lane.height + MARGIN;
        widest = widest.max(lane.width);
    }
    let width = placed.iter().map(|(lane, at)| at.x + lane.width).max().unwrap_or(0) + MARGIN;
    let height = placed.iter().map(|(lane, at)| at.y + lane.height).max().unwrap_or(0) + MARGIN;
    let legend = Legend::new(locale, width);
    let mut out = Drawing::begin(width, height + legend.height);
    for (lane, at) in placed {
        lane.draw(&mut out, at);
    }
    legend.draw(&mut out, height);
    out.end()
}

/// A machine, its texts broken into lines and everything placed.
struct Lane {
    title: String,
    states: Vec<Drawn>,
    arrows: Vec<DrawnArrow>,
    layout: Layout,
    width: i64,
    height: i64,
}

/// A state: its label, whom it waits on, and what may be done without leaving it.
struct Drawn {
    kind: StateKind,
    label: Vec<String>,
    notes: Vec<String>,
    size: Size,
}

struct DrawnArrow {
    label: Vec<String>,
    /// Of whoever acts; a machine's arrow is dashed.
    actor: String,
    is_automatic: bool,
    size: Size,
}

impl Lane {
    fn new(title: String, states: &IndexMap<Name, State>, actions: &IndexMap<Name, Action>, locale: Locale) -> Self {
        let states_drawn: Vec<Drawn> =
            states.iter().map(|(name, state)| Drawn::new(name, state, actions, locale)).collect();
        let mut arrows = Vec::new();
        let mut placed = Vec::new();
        for action in actions.values() {
            for from in action.from.as_slice() {
                let to = action.to.as_ref().unwrap_or(from);
                let ends = (states.get_index_of(from), states.get_index_of(to));
                let (Some(from), Some(to)) = ends else { continue };
                if from == to {
                    continue;
                }
                let drawn = DrawnArrow::new(action, locale);
                placed.push(Arrow { from, to, label: drawn.size });
                arrows.push(drawn);
            }
        }
        let boxes: Vec<Size> = states_drawn.iter().map(|state| state.size).collect();
        let layout = layout(&boxes, &placed);
        let width = layout.width.max(text_width(&title, TITLE_TEXT)) + MARGIN * 2;
        let height = layout.height + Self::HEAD + MARGIN;
        Self { title, states: states_drawn, arrows, layout, width, height }
    }

    /// The title and the mark of the beginning.
    const HEAD: i64 = TITLE_TEXT + MARGIN * 2 + PADDING;

    fn draw(&self, out: &mut Drawing, at: Point) {
        out.frame(at, Size { width: self.width, height: self.height });
        out.text(
            Point { x: at.x + MARGIN, y: at.y + MARGIN + TITLE_TEXT / 2 },
            TITLE_TEXT,
            "start",
            "title",
            &self.title,
        );
        let origin = Point { x: at.x + (self.width - self.layout.width) / 2, y: at.y + Self::HEAD };
        let moved = |point: Point| Point { x: point.x + origin.x, y: point.y + origin.y };
        for (arrow, route) in self.arrows.iter().zip(&self.layout.arrows) {
            let points: Vec<Point> = route.points.iter().map(|point| moved(*point)).collect();
            out.way(&points, arrow.is_automatic);
        }
        for (arrow, Route { label, .. }) in self.arrows.iter().zip(&self.layout.arrows) {
            arrow.draw(out, moved(*label));
        }
        if let Some((first, state)) = self.layout.boxes.first().zip(self.states.first()) {
            let middle = moved(*first);
            out.begin_mark(Point { y: middle.y - state.size.height / 2, ..middle });
        }
        for (state, middle) in self.states.iter().zip(&self.layout.boxes) {
            state.draw(out, moved(*middle));
        }
    }
}

impl Drawn {
    fn new(name: &str, state: &State, actions: &IndexMap<Name, Action>, locale: Locale) -> Self {
        let stays = |action: &&Action| {
            action.from.as_slice().iter().any(|from| from == name)
                && action.to.as_ref().is_none_or(|to| action.from.as_slice() == [to.clone()])
        };
        let waits =
            state.waits_on.filter(|_| !state.kind.is_end()).map(|role| format!("… {}", role_name(role, locale)));
        let mut notes: Vec<String> = waits.into_iter().collect();
        for action in actions.values().filter(stays) {
            notes.extend(broken(&format!("↻ {}", action.label.get(locale)), SMALL_TEXT, STATE_WIDTH));
        }
        let label = broken(state.label.get(locale), STATE_TEXT, STATE_WIDTH);
        let width = widest(&label, STATE_TEXT).max(widest(&notes, SMALL_TEXT)) + PADDING * 2;
        let height = lines_height(&label, STATE_TEXT) + lines_height(&notes, SMALL_TEXT) + PADDING * 2;
        Self { kind: state.kind, label, notes, size: Size { width, height } }
    }

    fn draw(&self, out: &mut Drawing, middle: Point) {
        out.state(middle, self.size, self.kind);
        let mut y = middle.y - self.size.height / 2 + PADDING;
        for (lines, size, class) in [(&self.label, STATE_TEXT, "state"), (&self.notes, SMALL_TEXT, "note")] {
            for line in lines {
                out.text(Point { x: middle.x, y: y + line_height(size) / 2 }, size, "middle", class, line);
                y += line_height(size);
            }
        }
    }
}

impl DrawnArrow {
    fn new(action: &Action, locale: Locale) -> Self {
        let label = broken(action.label.get(locale), SMALL_TEXT, LABEL_WIDTH);
        let roles = action.by.as_slice();
        let actor: Vec<&str> = roles.iter().map(|role| role_name(*role, locale)).collect();
        let actor = actor.join(if locale == Locale::Ja { "・" } else { ", " });
        let width = widest(&label, SMALL_TEXT).max(text_width(&actor, SMALL_TEXT)) + 6;
        let height = lines_height(&label, SMALL_TEXT) + line_height(SMALL_TEXT) + 2;
        let is_automatic = roles.iter().all(|role| matches!(role, Role::Clock | Role::Treasury));
        Self { label, actor, is_automatic, size: Size { width, height } }
    }

    fn draw(&self, out: &mut Drawing, middle: Point) {
        out.paper(middle, self.size);
        let mut y = middle.y - self.size.height / 2 + 1;
        for (line, class) in self.label.iter().map(|line| (line, "action")).chain([(&self.actor, "note")]) {
            out.text(Point { x: middle.x, y: y + line_height(SMALL_TEXT) / 2 }, SMALL_TEXT, "middle", class, line);
            y += line_height(SMALL_TEXT);
        }
    }
}

/// What the colors of states say.
struct Legend {
    entries: Vec<(StateKind, &'static str, Point)>,
    height: i64,
}

impl Legend {
    const KINDS: [(StateKind, &'static str, &'static str); 7] = [
        (StateKind::Drafting, "作成中", "being drafted"),
        (StateKind::WithApplicant, "申請者の番", "with the applicant"),
        (StateKind::WithOffice, "役所の番", "with the office"),
        (StateKind::InProject, "事業実施中", "the project runs"),
        (StateKind::AwaitingPayment, "支払まで", "on the way to payment"),
        (StateKind::ClosedPaid, "終了（支払・完了）", "closed, paid or served"),
        (StateKind::ClosedUnpaid, "終了（支払なし）", "closed without money"),
    ];

    fn new(locale: Locale, width: i64) -> Self {
        let (mut x, mut y) = (MARGIN, SMALL_TEXT);
        let mut entries = Vec::new();
        for (kind, ja, en) in Self::KINDS {
            let words = if locale == Locale::Ja { ja } else { en };
            let entry = text_width(words, SMALL_TEXT) + MARGIN * 2;
            if x > MARGIN && x + entry > width - MARGIN {
                (x, y) = (MARGIN, y + line_height(SMALL_TEXT) + 4);
            }
            entries.push((kind, words, Point { x, y }));
            x += entry;
        }
        Self { entries, height: y + MARGIN }
    }

    fn draw(&self, out: &mut Drawing, top: i64) {
        for (kind, words, at) in &self.entries {
            let y = top + at.y;
            out.state(Point { x: at.x + 8, y }, Size { width: 16, height: 12 }, *kind);
            out.text(Point { x: at.x + 22, y }, SMALL_TEXT, "start", "note", words);
        }
    }
}

/// What is written of the SVG.
struct Drawing {
    out: String,
}

impl Drawing {
    fn begin(width: i64, height: i64) -> Self {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"'Noto Sans CJK JP', 'Noto Sans JP', 'Hiragino Sans', \
             'Yu Gothic', sans-serif\">\n"
        );
        out.push_str(
            "<style>.title{font-weight:bold;fill:#1f2933}.state{font-weight:bold;fill:#1f2933}.action{fill:#1f2933}\
             .note{fill:#52606d}</style>\n\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#52606d\"/></marker></defs>\n",
        );
        _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        Self { out }
    }

    fn end(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }

    fn frame(&mut self, at: Point, size: Size) {
        let (Point { x, y }, Size { width, height }) = (at, size);
        _ = writeln!(
            self.out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#ffffff\" stroke=\"#cbd2d9\"/>"
        );
    }

    fn state(&mut self, middle: Point, size: Size, kind: StateKind) {
        let (fill, stroke) = colors(kind);
        let (x, y) = (middle.x - size.width / 2, middle.y - size.height / 2);
        let thick = if kind.is_end() { 3 } else { 1 };
        _ = writeln!(
            self.out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{fill}\" stroke=\"{stroke}\" \
             stroke-width=\"{thick}\"/>",
            size.width,
            size.height,
            (size.height / 2).min(12)
        );
    }

    /// Behind a label, so that the way under it does not cross the text.
    fn paper(&mut self, middle: Point, size: Size) {
        let (x, y) = (middle.x - size.width / 2, middle.y - size.height / 2);
        let Size { width, height } = size;
        _ = writeln!(
            self.out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\" fill-opacity=\"0.92\"/>"
        );
    }

    /// Where every case begins.
    fn begin_mark(&mut self, top: Point) {
        let y = top.y - MARGIN;
        _ = writeln!(self.out, "<circle cx=\"{}\" cy=\"{y}\" r=\"5\" fill=\"#52606d\"/>", top.x);
        self.way(&[Point { y: y + 5, ..top }, top], false);
    }

    /// Straight inside of layers, curved between them.
    fn way(&mut self, points: &[Point], is_automatic: bool) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut path = format!("M{} {}", first.x, first.y);
        let mut from = *first;
        for to in rest {
            if from.x == to.x {
                _ = write!(path, "L{} {}", to.x, to.y);
            } else {
                let middle = i64::midpoint(from.y, to.y);
                _ = write!(path, "C{} {middle} {} {middle} {} {}", from.x, to.x, to.x, to.y);
            }
            from = *to;
        }
        let dashes = if is_automatic { " stroke-dasharray=\"5 3\"" } else { "" };
        _ = writeln!(
            self.out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"#7b8794\"{dashes} marker-end=\"url(#tip)\"/>"
        );
    }

    /// `at` is the middle of the line's height.
    fn text(&mut self, at: Point, size: i64, anchor: &str, class: &str, text: &str) {
        let y = at.y + size * 35 / 100;
        _ = writeln!(
            self.out,
            "<text x=\"{}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" class=\"{class}\">{}</text>",
            at.x,
            escaped(text)
        );
    }
}

/// Fill and edge.
const fn colors(kind: StateKind) -> (&'static str, &'static str) {
    match kind {
        StateKind::Drafting => ("#f5f7fa", "#9aa5b1"),
        StateKind::WithApplicant => ("#fff3c4", "#cb6e17"),
        StateKind::WithOffice => ("#dceefb", "#2680c2"),
        StateKind::InProject => ("#d9f5ee", "#14919b"),
        StateKind::AwaitingPayment => ("#eae2f8", "#7c5cbf"),
        StateKind::ClosedPaid => ("#e3f9e5", "#207227"),
        StateKind::ClosedUnpaid => ("#f0e4e4", "#8a3b3b"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const fn line_height(size: i64) -> i64 {
    size + 4
}

fn lines_height(lines: &[String], size: i64) -> i64 {
    i64::try_from(lines.len()).unwrap_or(0) * line_height(size)
}

fn widest(lines: &[String], size: i64) -> i64 {
    lines.iter().map(|line| text_width(line, size)).max().unwrap_or(0)
}

/// Not measured but estimated from above: a full-width letter is as wide as it is high, others at most two thirds.
fn text_width(text: &str, size: i64) -> i64 {
    /// From here on letters are full-width (CJK radicals, kana, ideographs, full-width forms).
    const FULL_WIDTH: char = '\u{2e80}';
    let units: i64 = text.chars().map(|letter| if letter >= FULL_WIDTH { 100 } else { 62 }).sum();
    units * size / 100 + 1
}

/// Lines that are not wider: broken between words, and within them where there are no spaces.
fn broken(text: &str, size: i64, width: i64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(|letter: char| letter == ' ' || letter >= '\u{2e80}') {
        let fits = lines.last().is_some_and(|line| text_width(&format!("{line}{}", word.trim_end()), size) <= width);
        match lines.last_mut() {
            Some(line) if fits || line.is_empty() => line.push_str(word),
            _ => lines.push(word.to_owned()),
        }
    }
    // A bracket or a mark does not begin a line.
    for i in 1..lines.len() {
        let Some((before, after)) = lines.split_at_mut_checked(i) else { break };
        if let (Some(before), Some(after)) = (before.last_mut(), after.first_mut())
            && after.starts_with(['）', '、', '。', '・', 'ー', '」'])
        {
            before.extend(after.chars().next());
            *after = after.chars().skip(1).collect();
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn role_name(role: Role, locale: Locale) -> &'static str {
    let (ja, en) = match role {
        Role::Applicant => ("申請者", "applicant"),
        Role::Clerk => ("担当者", "clerk"),
        Role::Reviewer => ("審査担当", "reviewer"),
        Role::Approver => ("決裁権者", "approver"),
        Role::FinanceMaker => ("出納担当", "finance"),
        Role::FinanceChecker => ("出納審査者", "finance checker"),
        Role::ProgramOfficer => ("制度所管課", "program officer"),
        Role::Auditor => ("監査", "auditor"),
        Role::Administrator => ("管理者", "administrator"),
        Role::Partner => ("第三者", "partner"),
        Role::Panelist => ("審査員", "panelist"),
        Role::Clock => ("期限の管理", "clock"),
        Role::Treasury => ("支払処理", "treasury"),
    };
    if locale == Locale::Ja { ja } else { en }
}
