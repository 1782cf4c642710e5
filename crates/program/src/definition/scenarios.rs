//! Sample applications and what must come of them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, Rate, Yen};

use super::{ApplicantKind, HoldingAccount, Name, is_false};

/// `schema/programs/<municipality>/<slug>.scenarios.yaml`: sample applications and what must come of them.
/// `schema/archetypes/<archetype>.scenarios.yaml`: lives of an archetype, told once and run for every program on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenarios {
    /// Who applies in scenarios that name nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_applicant: Option<ApplicantFacts>,
    /// Sample → the day on which it is handed in: the clock moves there before a step that uses it, unless it is later.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub days: IndexMap<Name, NaiveDate>,
    /// Values that steps refer to by name, so that a form is written once; by custom the sample has the form's name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub samples: IndexMap<Name, serde_json::Map<String, serde_json::Value>>,
    /// Applications, from their first step to their last.
    #[serde(default)]
    pub scenarios: Vec<Scenario>,
}

impl Scenarios {
    /// Who applies.
    #[must_use]
    pub fn applicant<'a>(&'a self, scenario: &'a Scenario) -> Option<&'a ApplicantFacts> {
        scenario.applicant.as_ref().or(self.sample_applicant.as_ref())
    }
}

/// One sample application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: Bilingual,
    /// Only for programs whose options stand so. A life is also left out where an option took one of its actions away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<Name, bool>,
    /// Who applies; the file's `sample_applicant` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant: Option<ApplicantFacts>,
    /// What the business was granted by this program before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<EarlierGrant>,
    /// What the budget line has left; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Yen>,
    /// What happens, in this order.
    pub steps: Vec<ScenarioStep>,
}

/// What the business was granted before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierGrant {
    /// 年度, by the year in which it begins.
    pub fiscal_year: i32,
    /// How much it was granted.
    pub yen: Yen,
    /// What its application said in the fields that the limits name.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub answers: serde_json::Map<String, serde_json::Value>,
}

/// What expressions know of an applicant as `applicant.*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantFacts {
    /// What kind of business it is.
    pub kind: ApplicantKind,
    /// How large it is.
    pub size: BusinessSize,
    /// みなし大企業
    #[serde(default)]
    pub deemed_large: bool,
    /// In business in this municipality since.
    pub established_here_on: NaiveDate,
    /// How many people it employs.
    #[serde(default)]
    pub employees: u32,
    /// Capital in yen; 0 for a sole proprietor.
    #[serde(default = "zero")]
    pub capital: Yen,
    /// 業種: one of the trades, e.g. manufacturing, or empty.
    #[serde(default)]
    pub trade: String,
}

/// 業種: what businesses say of their trade and programs ask for, with Japanese and English labels. After the sections of
/// the Japan Standard Industrial Classification, with the trades that outlines name beside them.
pub const TRADES: [(&str, &str, &str); 32] = [
    ("agriculture", "農林漁業", "Agriculture, forestry and fishing"),
    ("construction", "建設業", "Construction"),
    ("manufacturing", "製造業", "Manufacturing"),
    ("food", "食品製造業", "Food making"),
    ("printing", "印刷業", "Printing"),
    ("bookbinding", "製本業", "Bookbinding"),
    ("robotics", "ロボット関連業", "Robotics"),
    ("energy", "電気・ガス・水道業", "Electricity, gas and water"),
    ("information", "情報通信業", "Information and communication"),
    ("it", "情報サービス業", "IT services"),
    ("software", "ソフトウェア業", "Software"),
    ("web_production", "ウェブサイト制作業", "Web production"),
    ("advertising", "広告業", "Advertising"),
    ("design", "デザイン業", "Design"),
    ("transport", "運輸業", "Transport"),
    ("logistics", "倉庫・物流業", "Storage and logistics"),
    ("wholesale", "卸売業", "Wholesale"),
    ("retail", "小売業", "Retail"),
    ("shopping_street", "商店街の団体", "Associations of shopping streets"),
    ("restaurant", "飲食業", "Restaurants"),
    ("lodging", "宿泊業", "Lodging"),
    ("services", "生活関連サービス業", "Personal services"),
    ("medical", "医療・福祉", "Medical care and welfare"),
    ("education", "教育・学習支援業", "Education"),
    ("research", "学術・開発研究機関", "Research"),
    ("university", "大学・高等専門学校", "Universities and colleges"),
    ("professional", "専門・技術サービス業", "Professional and technical services"),
    ("real_estate", "不動産業・物品賃貸業", "Real estate and leasing"),
    ("finance", "金融・保険業", "Finance and insurance"),
    ("staffing", "労働者派遣業", "Staffing"),
    ("adult_entertainment", "性風俗関連特殊営業", "Adult entertainment"),
    ("other", "その他", "Other"),
];

fn zero() -> Yen {
    Yen::ZERO
}

/// How large a business is, as the law on SMEs counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BusinessSize {
    /// 小規模事業者
    Micro,
    /// 中小企業者
    Sme,
    /// 大企業
    Large,
}

/// One step of a scenario: when, who, what, and what must come of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioStep {
    /// In a life of an archetype: the step is taken only where the program's options stand so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<Name, bool>,
    /// Moves the clock to 10:00 in Japan on this day (days do not go back). The clock's own acts run on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// Moves the clock this far on from the step before: `3 days`, `10 office_days`, `2 months`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[1-9][0-9]{0,3} (days?|office_days?|months?)$"))]
    pub after: Option<String>,
    /// Moves the clock to the day after a deadline: `due` for the one of the state, or a deadline of the program by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Name>,
    /// Who acts: a role, `position:<name>` for a signature, `partner:<name>`, or `panelist:<anything>` to tell judges
    /// apart.
    pub by: String,
    /// The action; absent to only move the clock and look.
    #[serde(default, rename = "do", skip_serializing_if = "Option::is_none")]
    pub action: Option<Name>,
    /// Names a sample whose values are taken first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Name>,
    /// Afterwards everybody on the approval route signs in turn, on the same day.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signed: bool,
    /// Values of the form or input, over those of the sample.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub values: serde_json::Map<String, serde_json::Value>,
    /// Documents that are attached; all that the form asks for when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Name>>,
    /// Field → remark, for corrections.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub marks: IndexMap<String, String>,
    /// What the actor writes beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How the call stands: places and money left, and who waits before this case. Without a limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallGiven>,
    /// The rank that the ranking of the whole call gives the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<RankGiven>,
    /// What must be so after the step.
    #[serde(default)]
    pub expect: Expectation,
}

/// What other cases of the call have left for this one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CallGiven {
    /// Places that the call has left; any number when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places_left: Option<u32>,
    /// What its budget line has left; without end when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_left: Option<Yen>,
    /// Cases that wait in line before this one.
    pub waiting: u32,
}

/// The rank that the ranking of the call gives the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankGiven {
    /// The rank, from 1.
    pub place: u32,
    /// Whether money and places reach to it.
    pub within: bool,
}

/// What a panel must have found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreExpected {
    /// The mean of the judges' totals, exactly.
    pub mean: Rate,
    /// Whether every minimum is reached.
    pub passed: bool,
}

/// A sum of money in an expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Figure {
    Yen(Yen),
    /// As much as this amount of the case.
    As(Name),
}

/// What must be so after the step; what is absent is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// The state of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Name>,
    /// The step is refused, with (at least) these codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Frozen amounts, e.g. `award: 50_000`, or the name of another amount: `award: request`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Name, Figure>,
    /// The approval waits for this position's signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Name>,
    /// Mails that the step sends, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mails: Vec<Name>,
    /// Letters that the step issues, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<Name>,
    /// The last day of the state's deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// What the case holds of its budget line: all of it, in yen or as the name of an amount.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/HoldingAccount"}))]
    pub holds: BTreeMap<HoldingAccount, Figure>,
    /// What it holds of the budget lines of other fiscal years.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub holds_of_year: BTreeMap<i32, BTreeMap<HoldingAccount, Yen>>,
    /// What the closed panel found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreExpected>,
    /// The state of the newest procedure of a kind beside the case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub procedures: BTreeMap<Name, Name>,
    /// The last day of the deadline of the newest procedure of a kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub procedures_due: BTreeMap<Name, NaiveDate>,
}
