//! `program test`, `simulate` and `new`: what somebody needs who writes a program.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use casework::coverage::{Evidence, Part, PartKind, coverage};
use casework::{exploration, scenario, simulation};
use program::definition::{Archetype, Municipality, Name, ProgramText, Scenarios};
use program::{Finding, Loaded, LoadedProgram, NewMunicipality, NewProgram, Program, SourceFile, load};
use serde_json::json;
use vocabulary::{Bilingual, Yen};

use super::programs::{named, right_or_printed};
use super::tell;
use crate::catalogue;
use crate::cli::{Common, NewArgs, Paths, SimulateArgs, TestArgs};
use crate::outcome::{Failure, Outcome};

/// A program that can be tried.
struct Tried<'a> {
    found: &'a LoadedProgram,
    program: &'a Program,
    municipality: &'a Municipality,
    scenarios: &'a Scenarios,
}

fn tried<'a>(loaded: &'a Loaded, paths: &'a [PathBuf]) -> Outcome<Vec<Tried<'a>>> {
    let mut all = Vec::new();
    for found in named(loaded, paths) {
        let (Some(program), Some(scenarios)) = (&found.program, &found.scenarios) else { continue };
        let municipality = loaded.municipalities.iter().find(|place| place.municipality == program.municipality());
        let municipality = municipality
            .ok_or_else(|| Failure::misuse(format!("the municipality of {} is not here", program.name())))?;
        all.push(Tried { found, program, municipality, scenarios });
    }
    Ok(all)
}

/// Runs scenarios and lives, and says what they try and what not. Only publishing insists on that.
pub fn test(common: &Common, args: &TestArgs) -> Outcome {
    let loaded = catalogue::read(&args.paths)?;
    right_or_printed(&loaded)?;
    let (mut run, mut failed, mut missing, mut lines, mut machine) = (0, 0, 0, Vec::new(), Vec::new());
    for one in tried(&loaded, &args.paths)? {
        let name = one.program.name();
        let mut evidence = Evidence::default();
        let mut played = Vec::new();
        for result in scenario::run(one.program, one.municipality, &loaded.calls, one.scenarios) {
            run += 1;
            failed += usize::from(!result.failures.is_empty());
            evidence.merge(&result.evidence);
            let failures: Vec<String> = result.failures.iter().map(ToString::to_string).collect();
            let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
            lines.push(format!("{verdict:6} {name}: {}", result.name.en));
            lines.extend(failures.iter().map(|failure| format!("       {failure}")));
            played.push(json!({
                "scenario": result.name, "passed": failures.is_empty(), "failures": failures, "states": result.states,
            }));
        }
        let parts = coverage(one.program, &evidence);
        let untried: Vec<&Part> = parts.iter().filter(|part| !part.tried).collect();
        missing += untried.iter().filter(|part| part.is_required()).count();
        lines.push(format!("       {name} tries {}", counted(&parts)));
        let said = untried.iter().filter(|part| args.coverage || part.is_required());
        let findings: Vec<Finding> = said.map(|part| loaded.placed(one.found, part.untried())).collect();
        lines.extend(findings.iter().map(|finding| indented(&finding.to_string())));
        let parts = args.coverage.then_some(&parts);
        machine.push(json!({ "program": name, "scenarios": played, "coverage": parts, "findings": findings }));
    }
    lines.push(format!("{run} scenarios, {failed} failed; {missing} actions that none tries"));
    tell(common, &machine, || lines.join("\n"))?;
    if failed > 0 { Err(Failure::refused(format!("{failed} of {run} scenarios failed"))) } else { Ok(()) }
}

/// What no scenario of these programs tries.
pub fn untried(loaded: &Loaded) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in tried(loaded, &[]).unwrap_or_default() {
        let mut evidence = Evidence::default();
        for result in scenario::run(one.program, one.municipality, &loaded.calls, one.scenarios) {
            evidence.merge(&result.evidence);
        }
        let missing = coverage(one.program, &evidence).into_iter().filter(|part| !part.tried);
        findings.extend(missing.map(|part| loaded.placed(one.found, part.untried())));
    }
    findings
}

/// `actions 30/30, transitions 35/38 …`
fn counted(parts: &[Part]) -> String {
    let counts = PartKind::ALL.iter().filter_map(|kind| {
        let of_kind = || parts.iter().filter(|part| part.kind == *kind);
        let tried = of_kind().filter(|part| part.tried).count();
        let all = of_kind().count();
        (all > 0).then(|| format!("{} {tried}/{all}", kind.plural()))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("       {line}")).collect::<Vec<_>>().join("\n")
}

/// Lives random lives, and says what came of them.
pub fn simulate(common: &Common, args: &SimulateArgs) -> Outcome {
    let loaded = catalogue::read(&args.paths)?;
    right_or_printed(&loaded)?;
    let (mut lines, mut machine, mut broken) = (Vec::new(), Vec::new(), 0);
    for one in tried(&loaded, &args.paths)? {
        let summary =
            simulation::simulate(one.program, one.municipality, &loaded.calls, one.scenarios, args.lives, args.seed);
        broken += summary.broken.len();
        lines.push(in_words(one.program, &summary));
        machine.push(json!({ "program": one.program.name(), "summary": summary }));
    }
    tell(common, &machine, || lines.join("\n\n"))?;
    if broken > 0 { Err(Failure::refused(format!("{broken} promises were broken"))) } else { Ok(()) }
}

fn in_words(program: &Program, summary: &simulation::Summary) -> String {
    let simulation::Summary { lives, seed, acts, unfinished, days, paid, reminders, .. } = summary;
    let label = |state: &str| program.state(state).map(|state| state.label.en.clone()).unwrap_or_default();
    let spread = |spread: &simulation::Spread| format!("{} … {} … {}", spread.least, spread.middle, spread.most);
    let mut lines = vec![format!("{}: {lives} lives (seed {seed}), {acts} acts", program.name())];
    for (state, count) in &summary.ends {
        lines.push(format!("  {count:5} ended in {state} ({})", label(state)));
    }
    lines.push(format!("  {unfinished:5} given up on the way"));
    lines.push(format!("  days to the end: {}", spread(days)));
    for (name, yen) in &summary.amounts {
        lines.push(format!("  {name}: {} × {} yen", yen.count, spread(yen)));
    }
    lines.push(format!("  paid: {} yen in all", paid.sum));
    if paid.sum == 0 && !program.definition().archetype.amounts.is_empty() {
        lines.push("  NOTE: no life was paid; the states never reached say where they end".to_owned());
    }
    let counted = |counts: &BTreeMap<String, u64>| {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>()
    };
    lines.push(format!("  reminders: {reminders}"));
    for (what, said) in [
        ("deadlines passed", &counted(&summary.overdue)),
        ("refusals", &counted(&summary.refusals)),
        ("states never reached", &summary.states_never_reached),
        ("actions never done", &summary.actions_never_done),
        ("BROKEN", &summary.broken),
    ] {
        if !said.is_empty() {
            lines.push(format!("  {what}: {}", said.join(", ")));
        }
    }
    lines.join("\n")
}

/// Goes everywhere, and says what is wrong there.
pub fn explore(common: &Common, args: &Paths) -> Outcome {
    let loaded = catalogue::read(&args.paths)?;
    right_or_printed(&loaded)?;
    let (mut lines, mut machine, mut faults) = (Vec::new(), Vec::new(), 0);
    for one in tried(&loaded, &args.paths)? {
        let found = exploration::explore(one.program, one.municipality, &loaded.calls, one.scenarios);
        let wrong = found.faults();
        faults += wrong.len();
        let (situations, moves) = (found.situations.len(), found.moves.len());
        lines.push(format!("{}: {situations} situations, {moves} moves between them", one.program.name()));
        let refused = found.refusals.iter().map(|((action, code), count)| format!("{action} {code} {count}"));
        lines.push(format!("  refused on the way: {}", refused.collect::<Vec<_>>().join(", ")));
        lines.extend(wrong.iter().map(|fault| format!("  WRONG: {fault}")));
        machine.push(json!({
            "program": one.program.name(), "situations": situations, "moves": moves, "faults": wrong,
            "refusals": found.refusals.iter().map(|((action, code), count)| json!({
                "action": action, "code": code, "count": count,
            })).collect::<Vec<_>>(),
        }));
    }
    tell(common, &machine, || lines.join("\n"))?;
    if faults > 0 { Err(Failure::refused(format!("{faults} faults were found"))) } else { Ok(()) }
}

/// Writes a program, its scenarios and its call; asks for what the arguments do not say.
pub fn new(common: &Common, args: &NewArgs) -> Outcome {
    let known = load(&catalogue::shipped());
    let here = catalogue::read_with(&args.into, &[])?;
    let examples: Vec<&LoadedProgram> = here.programs.iter().chain(&known.programs).collect();
    let questions = Questions::of(args);
    let (program, place) = questions.program()?;
    let (archetype, examples) = questions.archetype(&examples)?;
    let place = questions.place(&place, &here, &known)?;
    let asked = questions.rest(program, archetype, &place)?;

    let mut files = place.file(&asked).into_iter().collect::<Vec<_>>();
    files.push(asked.program_file(archetype, &examples));
    let scenarios =
        SourceFile { path: format!("programs/{}.scenarios.yaml", asked.program), text: "scenarios: []\n".to_owned() };
    let loaded = catalogue::read_with(&args.into, &[&files[..], &[scenarios]].concat())?;
    let found = loaded.programs.iter().find(|found| found.definition.program.program == asked.program);
    let Some((compiled, found)) = found.and_then(|found| Some((found.program.as_ref()?, found))) else {
        return Err(not_a_program(&here, &loaded));
    };
    files.push(asked.scenarios_file(compiled, found.scenarios.as_ref().unwrap_or(&Scenarios::default())));
    if let Some(present) = files.iter().map(|file| args.into.join(&file.path)).find(|path| path.exists()) {
        return Err(Failure::refused(format!("{} is there already; nothing was written", present.display())));
    }
    files.push(with_call(&args.into, &asked)?);
    let loaded = catalogue::read_with(&args.into, &files)?;
    if new_errors(&here, &loaded).next().is_some() {
        return Err(not_a_program(&here, &loaded));
    }
    let mut written = Vec::new();
    for file in &files {
        let path = args.into.join(&file.path);
        let unwritable = |error: std::io::Error| Failure::misuse(format!("{}: {error}", path.display()));
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(unwritable)?;
        std::fs::write(&path, &file.text).map_err(unwritable)?;
        written.push(shown(&path));
    }
    tell(common, &json!({ "program": asked.program, "files": written }), || {
        let path = shown(&args.into.join("programs").join(format!("{}.yaml", asked.program)));
        format!("{}\nnext: hojokin program check {path} && hojokin program test {path}", written.join("\n"))
    })
}

/// Without the dot of the folder where one is.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// What is wrong now and was not before the new files; what a program leaves out is said of its archetype's file.
fn new_errors<'a>(before: &'a Loaded, now: &'a Loaded) -> impl Iterator<Item = &'a Finding> {
    now.findings.iter().filter(|finding| finding.is_error() && !before.findings.contains(finding))
}

fn not_a_program(before: &Loaded, now: &Loaded) -> Failure {
    let errors: Vec<String> = new_errors(before, now).map(ToString::to_string).collect();
    Failure::misuse(format!("these answers do not make a program:\n{}", errors.join("\n")))
}

/// The municipality's calls with the new one behind them.
fn with_call(into: &Path, asked: &NewProgram) -> Outcome<SourceFile> {
    let path = format!("programs/{}/calls.yaml", asked.municipality());
    let present = into.join(&path);
    let before = if present.is_file() {
        std::fs::read_to_string(&present).map_err(|error| Failure::misuse(format!("{path}: {error}")))?
    } else {
        "calls:\n".to_owned()
    };
    Ok(SourceFile { path, text: format!("{}\n{}", before.trim_end(), asked.call_entry()) })
}

/// Where the program's municipality is known from.
enum Place {
    /// Its file is in the folder; the budget line that its programs draw on first.
    Here(Option<Name>),
    /// Its file comes from the binary.
    Shipped(Option<Name>, SourceFile),
    New(NewMunicipality),
}

impl Place {
    fn budget_line(&self) -> Option<&Name> {
        match self {
            Self::Here(line) | Self::Shipped(line, _) => line.as_ref(),
            Self::New(_) => None,
        }
    }

    /// What has to be written.
    fn file(&self, asked: &NewProgram) -> Option<SourceFile> {
        match self {
            Self::Here(_) => None,
            Self::Shipped(_, file) => Some(file.clone()),
            Self::New(new) => Some(asked.municipality_file(new)),
        }
    }
}

/// What the arguments say, or else an answer from standard input.
struct Questions<'a> {
    args: &'a NewArgs,
    /// Whether something that is needed was not said: then what may be left out is asked for, too.
    asks: bool,
}

impl<'a> Questions<'a> {
    fn of(args: &'a NewArgs) -> Self {
        let NewArgs { program, archetype, title_ja, title_en, grounds, rate, cap, opens, budget, .. } = args;
        let needed = [program, archetype, title_ja, title_en, grounds, rate, cap, opens, budget];
        Self { args, asks: needed.iter().any(|given| given.is_none()) }
    }

    fn program(&self) -> Outcome<(String, Name)> {
        let program =
            needed(self.args.program.as_ref(), "PROGRAM", "市区町村/制度 (municipality/program, e.g. hino/shop-it)")?;
        let place = program.split_once('/').map(|(place, _)| place.to_owned());
        let place = place.ok_or_else(|| Failure::misuse("a program is named <municipality>/<slug>"))?;
        Ok((program, place))
    }

    /// The archetype as programs on it find it, and those programs.
    fn archetype<'l>(&self, programs: &[&'l LoadedProgram]) -> Outcome<(&'l Archetype, Vec<&'l ProgramText>)> {
        let known = |found: &&LoadedProgram| found.definition.archetype.is_begun_with_an_award();
        let mut names: Vec<&str> = Vec::new();
        for name in programs.iter().copied().filter(known).map(|found| found.definition.archetype.archetype.as_str()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let question = format!("類型 (archetype: {})", names.join(", "));
        let wanted = needed(self.args.archetype.as_ref(), "--archetype", &question)?;
        let of_it: Vec<&LoadedProgram> =
            programs.iter().copied().filter(|found| found.definition.program.archetype == wanted).collect();
        match of_it.first() {
            Some(first) if known(first) => {
                Ok((&first.definition.archetype, of_it.iter().map(|found| &found.definition.program).collect()))
            }
            Some(first) => Err(Failure::misuse(format!(
                "programs on {wanted} say more than is asked here; begin with a copy of {}",
                first.path
            ))),
            None => Err(Failure::misuse(format!("there is no archetype `{wanted}`; there are {}", names.join(", ")))),
        }
    }

    fn place(&self, name: &str, here: &Loaded, known: &Loaded) -> Outcome<Place> {
        let found = |loaded: &Loaded| {
            let mut places = loaded.municipalities.iter();
            places.find(|place| place.municipality == name).map(|place| place.budget_lines.keys().next().cloned())
        };
        if let Some(line) = found(here) {
            return Ok(Place::Here(line));
        }
        let path = format!("programs/{name}/municipality.yaml");
        let file = catalogue::shipped().into_iter().find(|file| file.path.ends_with(&path));
        if let Some((line, file)) = found(known).zip(file) {
            return Ok(Place::Shipped(line, SourceFile { path, text: file.text }));
        }
        let NewArgs { code, municipality_ja, municipality_en, .. } = self.args;
        let name = Bilingual::new(
            needed(
                municipality_ja.as_ref(),
                "--municipality-ja",
                "市区町村の名称 (name of the municipality, Japanese)",
            )?,
            needed(municipality_en.as_ref(), "--municipality-en", "Name of the municipality, English")?,
        );
        let code = needed(code.as_ref(), "--code", "全国地方公共団体コード・6桁 (its six-digit code)")?;
        Ok(Place::New(NewMunicipality { code: parsed(&code, "--code")?, name }))
    }

    fn rest(&self, program: String, archetype: &Archetype, place: &Place) -> Outcome<NewProgram> {
        let args = self.args;
        let title = Bilingual::new(
            needed(args.title_ja.as_ref(), "--title-ja", "補助金の名称 (title, Japanese)")?,
            needed(args.title_en.as_ref(), "--title-en", "Title, English")?,
        );
        let grounds = needed(args.grounds.as_ref(), "--grounds", "根拠となる要綱の名称 (the outline it stands on)")?;
        let rate = needed(args.rate.as_ref(), "--rate", "補助率 (rate, e.g. 1/2)")?;
        let cap = needed(args.cap.as_ref(), "--cap", "上限額・円 (cap in yen)")?;
        let round_down = self.optional(args.round_down.as_ref(), "端数処理の単位・円 (rounded down to)", "1000")?;
        let minimum = self.optional(args.minimum.as_ref(), "下限額・円 (minimum in yen, if any)", "")?;
        let categories = Some(args.category.join(",")).filter(|given| !given.is_empty());
        let question = "経費の区分 (categories of costs, name=日本語=English, …)";
        let categories = self.optional(categories.as_ref(), question, "expenses=経費=Expenses")?;
        let names = archetype.documents.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let documents = args.documents.as_ref().map(|names| names.join(","));
        let usual = archetype.documents.keys().next().cloned().unwrap_or_default();
        let documents = self.optional(documents.as_ref(), &format!("申請書類 (documents: {names})"), &usual)?;
        let known = archetype.options.iter().map(|(name, rule)| format!("{name}={} {}", rule.default, rule.label.ja));
        let question = format!("選択肢の変更 (options to switch: {})", known.collect::<Vec<_>>().join(", "));
        let options = args.options.as_ref().map(|names| names.join(","));
        let options = self.optional(options.as_ref(), &question, "")?;
        let opens = needed(args.opens.as_ref(), "--opens", "募集開始日 (opens on, e.g. 2026-04-01)")?;
        let closes = self.optional(args.closes.as_ref(), "募集終了日 (last day, if any)", "")?;
        let budget = needed(args.budget.as_ref(), "--budget", "予算額・円 (budget in yen)")?;
        let line = args.budget_line.as_ref().or(place.budget_line()).cloned();
        Ok(NewProgram {
            program,
            archetype: archetype.archetype.clone(),
            title,
            grounds,
            rate: parsed(&rate, "--rate")?,
            cap: yen(&cap, "--cap")?,
            round_down: yen(&round_down, "--round-down")?,
            minimum: given(&minimum).map(|text| yen(text, "--minimum")).transpose()?,
            categories: listed(&categories).map(category).collect::<Outcome<_>>()?,
            documents: listed(&documents).map(str::to_owned).collect(),
            options: listed(&options).map(option).collect::<Outcome<_>>()?,
            opens: parsed(&opens, "--opens")?,
            closes: given(&closes).map(|text| parsed(text, "--closes")).transpose()?,
            budget_line: line.unwrap_or_else(|| "industry".to_owned()),
            appropriation: yen(&budget, "--budget")?,
        })
    }

    fn optional(&self, said: Option<&String>, question: &str, default: &str) -> Outcome<String> {
        match said {
            Some(said) => Ok(said.clone()),
            None if self.asks => {
                let answer = answer(&format!("{question} [{default}]"))?;
                Ok(if answer.is_empty() { default.to_owned() } else { answer })
            }
            None => Ok(default.to_owned()),
        }
    }
}

fn needed(said: Option<&String>, flag: &str, question: &str) -> Outcome<String> {
    let answer = said.map_or_else(|| answer(question), |said| Ok(said.clone()))?;
    if answer.is_empty() { Err(Failure::misuse(format!("{flag} is needed"))) } else { Ok(answer) }
}

/// One line of standard input; empty at its end.
fn answer(question: &str) -> Outcome<String> {
    let mut out = std::io::stderr();
    let mut answer = String::new();
    write!(out, "{question}: ").and_then(|()| out.flush())?;
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '、']).map(str::trim).filter(|part| !part.is_empty())
}

/// `name=日本語=English`
fn category(text: &str) -> Outcome<(Name, Bilingual)> {
    let mut parts = text.splitn(3, '=').map(str::trim);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(ja), Some(en)) => Ok((name.to_owned(), Bilingual::new(ja, en))),
        _ => Err(Failure::misuse(format!("--category is written name=日本語=English, not `{text}`"))),
    }
}

/// `name`, or `name=false`
fn option(text: &str) -> Outcome<(Name, bool)> {
    match text.split_once('=') {
        None => Ok((text.to_owned(), true)),
        Some((name, on)) => Ok((name.trim().to_owned(), parsed(on.trim(), "--options")?)),
    }
}

fn yen(text: &str, flag: &str) -> Outcome<Yen> {
    let number: i64 = parsed(&text.replace(['_', ','], ""), flag)?;
    Yen::new(number).map_err(|error| Failure::misuse(format!("{flag}: {error}")))
}

fn parsed<T: FromStr>(text: &str, flag: &str) -> Outcome<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| Failure::misuse(format!("{flag}: {error}")))
}
