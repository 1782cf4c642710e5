//! What a new version of a program changes, in words, for each thing that is written.
//!
//! Both definitions are compared as trees, so nothing that can be written escapes; tables say what stands where and
//! what is harmless. Whatever is not known to be harmless is major.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value as Json};
use vocabulary::{Bilingual, Locale, wareki};

use crate::definition::{Definition, Renames};
use crate::yaml::pointer_part;

/// How much a change weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Texts, optional fields, order: nobody has to do anything differently.
    Minor,
    /// States, amounts, deadlines, required fields, choices that are gone: people's rights or duties change.
    Major,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    Added,
    Removed,
    Changed,
    /// The same under another name.
    Renamed,
    /// The same things in another order.
    Reordered,
}

/// One thing that differs between two versions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// JSON pointer into the definition (`/archetype/…`, `/program/…`): the new one, or the old one for what is gone.
    pub path: String,
    pub kind: DifferenceKind,
    pub weight: Weight,
    pub words: Bilingual,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

/// Everything that `new` says differently from `old`, in the order in which it is written.
#[must_use]
pub fn diff(old: &Definition, new: &Definition) -> Vec<Difference> {
    // A definition holds nothing that has no JSON form: keys are text, numbers are integers.
    let tree = |definition| serde_json::to_value(definition).unwrap_or_default();
    let (before, after) = (tree(old), tree(new));
    let mut walk = Walk { before: &before, after: &after, renames: &new.program.renames, found: Vec::new() };
    walk.compare("", "", Some(&before), Some(&after));
    walk.found
}

/// The weight of the heaviest; none when nothing differs.
#[must_use]
pub fn weight_of(differences: &[Difference]) -> Option<Weight> {
    differences.iter().map(|difference| difference.weight).max()
}

struct Walk<'a> {
    before: &'a Json,
    after: &'a Json,
    renames: &'a Renames,
    found: Vec<Difference>,
}

impl<'a> Walk<'a> {
    /// `from` and `to` are the paths in the old and the new tree; they differ inside something that was renamed.
    fn compare(&mut self, from: &str, to: &str, before: Option<&'a Json>, after: Option<&'a Json>) {
        let (before, after) = (before.filter(|value| !value.is_null()), after.filter(|value| !value.is_null()));
        if before == after && !reordered(before, after) {
            return;
        }
        match (before, after) {
            (Some(Json::Object(old)), Some(Json::Object(new))) if !is_text(old) || !is_text(new) => {
                self.maps(from, to, old, new);
            }
            (Some(Json::Array(old)), Some(Json::Array(new))) => self.lists(from, to, old, new),
            (None, None) => {}
            (None, _) => self.note(from, to, DifferenceKind::Added, before, after),
            (_, None) => self.note(from, to, DifferenceKind::Removed, before, after),
            _ => self.note(from, to, DifferenceKind::Changed, before, after),
        }
    }

    fn maps(&mut self, from: &str, to: &str, old: &'a Map<String, Json>, new: &'a Map<String, Json>) {
        let mut met = BTreeSet::new();
        for (key, value) in old {
            let renamed = self.renamed(from, key).filter(|name| new.contains_key(*name));
            let name = renamed.unwrap_or(key).to_owned();
            let (from, to) = (child(from, key), child(to, &name));
            if renamed.is_some() {
                self.note(&from, &to, DifferenceKind::Renamed, Some(value), new.get(&name));
            }
            self.compare(&from, &to, Some(value), new.get(&name));
            met.insert(name);
        }
        for (key, value) in new.iter().filter(|(key, _)| !met.contains(*key)) {
            self.compare(&child(from, key), &child(to, key), None, Some(value));
        }
        let kept_order = |map: &'a Map<String, Json>, other: &Map<String, Json>| -> Vec<&'a String> {
            map.keys().filter(|key| other.contains_key(*key)).collect()
        };
        if kept_order(old, new) != kept_order(new, old) {
            self.note(from, to, DifferenceKind::Reordered, None, None);
        }
    }

    /// What is alike at both ends stays; the rest is compared one by one, or is gone and new.
    fn lists(&mut self, from: &str, to: &str, old: &'a [Json], new: &'a [Json]) {
        let same = |(a, b): &(&Json, &Json)| a == b && !reordered(Some(a), Some(b));
        let head = old.iter().zip(new).take_while(same).count();
        let most = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
        let middle = |list: &'a [Json]| -> Vec<(usize, &'a Json)> {
            list.iter().enumerate().take(list.len() - tail).skip(head).collect()
        };
        let (gone, fresh) = (middle(old), middle(new));
        for i in 0..gone.len().max(fresh.len()) {
            let (old, new) = (gone.get(i), fresh.get(i));
            let at = |item: Option<&(usize, &Json)>, other: Option<&(usize, &Json)>| {
                item.or(other).map_or_else(String::new, |(index, _)| index.to_string())
            };
            let (from, to) = (child(from, &at(old, new)), child(to, &at(new, old)));
            self.compare(&from, &to, old.map(|(_, value)| *value), new.map(|(_, value)| *value));
        }
    }

    /// The name that something has in the new version, where the new version says so.
    fn renamed(&self, path: &str, key: &str) -> Option<&'a str> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let fields = |form: &str| self.renames.fields.get(form);
        let map = match parts.as_slice() {
            ["archetype", "states"] | ["archetype", "procedures", _, "states"] => Some(&self.renames.states),
            ["program", "form"] => fields("application"),
            ["program", "forms", form] | ["archetype", "forms", form, "fields"] => fields(form),
            _ => None,
        };
        map?.get(key).map(String::as_str)
    }

    fn note(&mut self, from: &str, to: &str, kind: DifferenceKind, before: Option<&Json>, after: Option<&Json>) {
        let path = if after.is_none() && before.is_some() { from } else { to };
        let what = self.what(from, to);
        let weight = weight(path, kind, before, after);
        // A thing that is named by its label needs no value beside.
        let named = |value: Option<&Json>| value.is_some_and(|value| value.get("label").is_some());
        let words = words(kind, &what, to, before.filter(|_| !named(before)), after.filter(|_| !named(after)));
        let (before, after) = if kind == DifferenceKind::Renamed { (None, None) } else { (before, after) };
        self.found.push(Difference {
            path: path.to_owned(),
            kind,
            weight,
            words,
            before: before.cloned(),
            after: after.cloned(),
        });
    }

    /// What stands at a path, in words: the things around it by their labels, then the attribute.
    fn what(&self, from: &str, to: &str) -> Bilingual {
        let parts: Vec<&str> = to.split('/').skip(1).collect();
        let known = THINGS.iter().filter(|thing| thing.covers(&parts)).max_by_key(|thing| thing.path.len());
        let depth = known.map_or(0, |thing| thing.path.split('/').count());
        let mut what = known.map_or_else(Bilingual::default, |thing| {
            let mut what = Bilingual::new(thing.ja, thing.en);
            if thing.path.ends_with('*') {
                let name = parts.get(depth - 1).copied().unwrap_or_default();
                let label = self.label(from, to, depth);
                what = match label {
                    Some(label) => Bilingual::new(
                        format!("{}「{}」（{name}）", what.ja, label.ja),
                        format!("{} \"{}\" ({name})", what.en, label.en),
                    ),
                    None => match deadline_called(name) {
                        Some(usual) => Bilingual::new(
                            format!("{}「{}」", what.ja, usual.ja),
                            format!("{} \"{}\"", what.en, usual.en),
                        ),
                        None => Bilingual::new(format!("{}「{name}」", what.ja), format!("{} `{name}`", what.en)),
                    },
                };
            }
            what
        });
        for part in parts.iter().skip(depth) {
            let word = attribute(part);
            let (ja, en) = (if what.ja.is_empty() { "" } else { "の" }, if what.en.is_empty() { "" } else { ", " });
            what = Bilingual::new(format!("{}{ja}{}", what.ja, word.ja), format!("{}{en}{}", what.en, word.en));
        }
        if what.ja.is_empty() { Bilingual::new("定義", "The definition") } else { what }
    }

    /// The label of the thing that the first parts of a path lead to.
    fn label(&self, from: &str, to: &str, depth: usize) -> Option<Bilingual> {
        let upto = |path: &str| path.split('/').take(depth + 1).collect::<Vec<_>>().join("/");
        let thing = self.after.pointer(&upto(to)).or_else(|| self.before.pointer(&upto(from)))?;
        let label = thing.get("label").or_else(|| thing.get("title")).or_else(|| thing.get("subject")).unwrap_or(thing);
        serde_json::from_value(label.clone()).ok()
    }
}

fn child(path: &str, key: &str) -> String {
    format!("{path}/{}", pointer_part(key))
}

/// Maps are equal whatever their order; here order is something that is written.
fn reordered(before: Option<&Json>, after: Option<&Json>) -> bool {
    match (before, after) {
        (Some(Json::Object(a)), Some(Json::Object(b))) => {
            !a.keys().eq(b.keys()) || a.iter().any(|(key, value)| reordered(Some(value), b.get(key)))
        }
        (Some(Json::Array(a)), Some(Json::Array(b))) => a.iter().zip(b).any(|(a, b)| reordered(Some(a), Some(b))),
        _ => false,
    }
}

/// The same words in both languages.
fn is_text(map: &Map<String, Json>) -> bool {
    map.len() == 2 && map.contains_key("ja") && map.contains_key("en")
}

// -----------------------------------------------------------------------------------------------------------------
// Weight

/// Attributes that only people read.
const TEXTS: [&str; 15] = [
    "ja",
    "en",
    "label",
    "hint",
    "title",
    "summary",
    "subject",
    "body",
    "else",
    "no_deadline",
    "grounds",
    "document",
    "place",
    "source",
    "outline",
];

fn weight(path: &str, kind: DifferenceKind, before: Option<&Json>, after: Option<&Json>) -> Weight {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts.last().copied().unwrap_or_default();
    let either = before.or(after);
    let minor = match parts.as_slice() {
        // The first state of a procedure is where it opens, and amounts arise in their order.
        ["archetype", "procedures", _, "states"] | ["archetype", "amounts"] if kind == DifferenceKind::Reordered => {
            false
        }
        _ if kind == DifferenceKind::Reordered => true,
        ["program", "renames", ..] | ["program", "sample_figures", ..] | ["program", "grounds", ..] => true,
        ["program", "catalogue" | "checklist", ..] => true,
        ["archetype", "mails" | "documents", _] => true,
        ["archetype", "letters", _, "body", ..] | ["archetype", "mails", _, ..] => true,
        ["program", "documents", _, _] => [before, after].into_iter().flatten().all(|slot| says(slot, "optional")),
        ["program", "form", _] | ["program", "forms", _, _] | ["archetype", "forms", _, "fields", _] => {
            [before, after].into_iter().flatten().all(|field| !says(field, "required") && !says(field, "consent"))
        }
        _ if in_field(&parts) => harmless_in_field(&parts, kind, before, after),
        _ => TEXTS.contains(&last) && either.is_none_or(is_words),
    };
    if minor { Weight::Minor } else { Weight::Major }
}

fn is_words(value: &Json) -> bool {
    value.is_string() || value.as_object().is_some_and(is_text)
}

fn says(thing: &Json, flag: &str) -> bool {
    thing.get(flag).and_then(Json::as_bool).unwrap_or(false)
}

fn in_field(parts: &[&str]) -> bool {
    matches!(
        parts,
        ["program", "form", _, _, ..]
            | ["program", "forms", _, _, _, ..]
            | ["archetype", "forms", _, "fields", _, _, ..]
    )
}

/// Inside a field: texts, more room and more choices hurt nobody.
fn harmless_in_field(parts: &[&str], kind: DifferenceKind, before: Option<&Json>, after: Option<&Json>) -> bool {
    let number = |value: Option<&Json>| value.and_then(Json::as_i64);
    let last = parts.last().copied().unwrap_or_default();
    match (parts.iter().rev().nth(1).copied().unwrap_or_default(), last) {
        (_, "required" | "consent") => after.and_then(Json::as_bool) != Some(true),
        (_, "max") => number(after).is_none_or(|new| number(before).is_some_and(|old| new >= old)),
        (_, "min") => number(after).is_none_or(|new| number(before).is_some_and(|old| new <= old)),
        ("choices", _) => kind != DifferenceKind::Removed,
        (_, "choices") => kind == DifferenceKind::Added,
        _ => TEXTS.contains(&last) && before.or(after).is_none_or(is_words),
    }
}

// -----------------------------------------------------------------------------------------------------------------
// Words

struct Thing {
    /// With `*` for a name.
    path: &'static str,
    ja: &'static str,
    en: &'static str,
}

impl Thing {
    fn covers(&self, parts: &[&str]) -> bool {
        let pattern: Vec<&str> = self.path.split('/').collect();
        pattern.len() <= parts.len() && pattern.iter().zip(parts).all(|(word, part)| *word == "*" || word == part)
    }
}

const fn thing(path: &'static str, ja: &'static str, en: &'static str) -> Thing {
    Thing { path, ja, en }
}

const THINGS: &[Thing] = &[
    thing("archetype", "類型", "Archetype"),
    thing("archetype/options/*", "類型の選択肢", "Option of the archetype"),
    thing("archetype/facts/*", "記録する日付", "Recorded date"),
    thing("archetype/amounts/*", "金額", "Amount"),
    thing("archetype/forms/*", "様式", "Form"),
    thing("archetype/forms/*/fields/*", "項目", "Field"),
    thing("archetype/documents/*", "書類の種類", "Kind of document"),
    thing("archetype/states/*", "状態", "State"),
    thing("archetype/actions/*", "操作", "Action"),
    thing("archetype/procedures/*", "付随する手続", "Procedure"),
    thing("archetype/procedures/*/states/*", "付随する手続の状態", "State of a procedure"),
    thing("archetype/procedures/*/actions/*", "付随する手続の操作", "Action of a procedure"),
    thing("archetype/letters/*", "通知書", "Letter"),
    thing("archetype/mails/*", "メール", "Mail"),
    thing("program", "制度", "Program"),
    thing("program/title", "制度の名称", "Title"),
    thing("program/summary", "制度の概要", "Summary"),
    thing("program/grounds", "根拠", "Grounds"),
    thing("program/effective_from", "施行日", "In force from"),
    thing("program/catalogue", "計画の事業一覧での番号", "Row of the catalogue"),
    thing("program/legal_nature", "交付の法的性質", "Legal nature"),
    thing("program/sample_figures", "見本の数値", "Sample figures"),
    thing("program/options/*", "選択した類型の機能", "Chosen option"),
    thing("program/intake", "受付方法", "Intake"),
    thing("program/applicant", "申請者の要件", "Applicant"),
    thing("program/limits", "交付回数の制限", "Limits"),
    thing("program/form/*", "申請書の項目", "Field of the application"),
    thing("program/forms/*/*", "様式の項目", "Field of a form"),
    thing("program/documents/*", "提出書類", "Documents with"),
    thing("program/checklist/*/*", "確認票の項目", "Item of the checklist"),
    thing("program/must", "審査の条件", "Rule"),
    thing("program/amount", "補助金額の算定", "Award"),
    thing("program/amount/rate", "補助率", "Rate"),
    thing("program/amount/cap", "上限額", "Cap"),
    thing("program/amount/minimum", "下限額", "Minimum"),
    thing("program/amount/round_down", "端数処理の単位", "Rounding unit"),
    thing("program/deadlines/*", "期限", "Deadline"),
    thing("program/change", "軽微な変更", "Minor change"),
    thing("program/renames", "前の版からの引継ぎ", "What became of the version before"),
];

const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("after", "起算日", "counted from"),
    ("approval", "決裁", "approval"),
    ("archetype", "類型", "archetype"),
    ("at_most", "超えない額", "never above"),
    ("body", "本文", "text"),
    ("by", "行う人", "by"),
    ("cap", "上限", "cap"),
    ("categories", "経費区分", "categories"),
    ("choices", "選択肢", "choices"),
    ("consent", "同意", "consent"),
    ("date", "日付", "date"),
    ("deadline", "期限", "deadline"),
    ("effects", "効果", "effects"),
    ("else", "満たさないときの説明", "what is told otherwise"),
    ("form", "様式", "form"),
    ("from", "元の状態", "from"),
    ("hint", "説明", "hint"),
    ("hold", "申請時の予算の確保", "reserving money"),
    ("holds", "保有する予算", "holds"),
    ("input", "入力", "input"),
    ("kind", "種類", "kind"),
    ("kinds", "対象者", "kinds"),
    ("label", "名称", "label"),
    ("letter", "通知書", "letter"),
    ("max", "上限", "maximum"),
    ("min", "下限", "minimum"),
    ("must", "条件", "conditions"),
    ("needs", "条件", "conditions"),
    ("none_open", "終わっているべき手続", "no open procedure"),
    ("not_who", "兼ねられない操作", "not by whoever did"),
    ("optional", "任意", "optional"),
    ("rate", "補助率", "rate"),
    ("remind", "事前のお知らせ", "reminders"),
    ("required", "必須", "required"),
    ("subject", "件名", "subject"),
    ("tells", "知らせる相手", "tells"),
    ("then", "値", "then"),
    ("title", "題名", "title"),
    ("to", "先の状態", "to"),
    ("type", "種類", "type"),
    ("until", "行える期限", "until"),
    ("waits_on", "待っている相手", "waits on"),
    ("when", "条件", "condition"),
    ("within", "期間", "within"),
];

fn attribute(part: &str) -> Bilingual {
    if let Ok(index) = part.parse::<usize>() {
        return Bilingual::new(format!("{}番目", index + 1), format!("no. {}", index + 1));
    }
    let known = ATTRIBUTES.iter().find(|(name, ..)| *name == part);
    known.map_or_else(
        || Bilingual::new(format!("「{part}」"), format!("`{part}`")),
        |(_, ja, en)| Bilingual::new(*ja, *en),
    )
}

fn words(kind: DifferenceKind, what: &Bilingual, to: &str, before: Option<&Json>, after: Option<&Json>) -> Bilingual {
    let (old, new) = (shown(before), shown(after));
    let (ja, en) = match kind {
        DifferenceKind::Added => {
            let (ja, en) = in_brackets(after, &new);
            (format!("{}を追加{ja}", what.ja), format!("{}: added{en}", what.en))
        }
        DifferenceKind::Removed => {
            let (ja, en) = in_brackets(before, &old);
            (format!("{}を廃止{ja}", what.ja), format!("{}: removed{en}", what.en))
        }
        DifferenceKind::Changed => {
            (format!("{}を変更: {} → {}", what.ja, old.ja, new.ja), format!("{}: {} → {}", what.en, old.en, new.en))
        }
        DifferenceKind::Renamed => {
            let name = to.rsplit('/').next().unwrap_or_default();
            (
                format!("{}の識別名を「{name}」に変更（内容は引き継ぐ）", what.ja),
                format!("{}: now called `{name}`, carried over", what.en),
            )
        }
        DifferenceKind::Reordered => (format!("{}の並び順を変更", what.ja), format!("{}: in another order", what.en)),
    };
    Bilingual::new(ja, en)
}

fn in_brackets(value: Option<&Json>, shown: &Bilingual) -> (String, String) {
    match value {
        Some(_) => (format!("（{}）", shown.ja), format!(" ({})", shown.en)),
        None => Default::default(),
    }
}

/// What deadlines are for, by the names that archetypes give them.
const DEADLINES: [(&str, &str, &str); 8] = [
    ("withdraw_after_decision", "交付決定後の取下げ", "Withdrawal after the decision"),
    ("report", "実績報告", "Report"),
    ("claim", "請求", "Claim"),
    ("last_claim", "最後の請求", "Last claim"),
    ("refund", "返還", "Refund"),
    ("dispatch", "派遣", "Dispatch"),
    ("validity", "有効期間", "Validity"),
    ("listing", "掲載", "Listing"),
];

/// What people call a deadline that has a usual name.
#[must_use]
pub fn deadline_called(name: &str) -> Option<Bilingual> {
    let known = DEADLINES.iter().find(|(known, ..)| *known == name);
    known.map(|(_, ja, en)| Bilingual::new(*ja, *en))
}

/// A day, or a span of time such as `30 days`, as people write it.
fn day_or_span(text: &str) -> Option<Bilingual> {
    if let Some(day) = vocabulary::parse_day(text) {
        return Some(Bilingual::new(wareki(day, Locale::Ja), wareki(day, Locale::En)));
    }
    let (count, unit) = text.split_once(' ')?;
    count.parse::<u32>().ok()?;
    let ja = match unit {
        "day" | "days" => "日",
        "office_day" | "office_days" => "開庁日",
        "month" | "months" => "か月",
        "year" | "years" => "年",
        _ => return None,
    };
    Some(Bilingual::new(format!("{count}{ja}"), text.replace('_', " ")))
}

/// Characters of a value that are shown at most.
const SHOWN: usize = 120;

/// A value as a person reads it: words as they are, things by their label.
fn shown(value: Option<&Json>) -> Bilingual {
    let Some(value) = value else { return Bilingual::new("なし", "none") };
    let label = value.get("label").or_else(|| value.get("title")).unwrap_or(value);
    if let Ok(words) = serde_json::from_value::<Bilingual>(label.clone()) {
        return Bilingual::new(format!("「{}」", cut(&words.ja)), format!("\"{}\"", cut(&words.en)));
    }
    match value {
        Json::Bool(true) => Bilingual::new("はい", "yes"),
        Json::Bool(false) => Bilingual::new("いいえ", "no"),
        Json::String(text) => match day_or_span(text) {
            Some(words) => words,
            None => Bilingual::new(format!("「{}」", cut(text)), format!("`{}`", cut(text))),
        },
        Json::Number(number) => {
            let text = number.as_i64().map_or_else(|| number.to_string(), grouped);
            Bilingual::new(text.clone(), text)
        }
        other => {
            let text = cut(&other.to_string());
            Bilingual::new(text.clone(), text)
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// 1,234,567
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}
