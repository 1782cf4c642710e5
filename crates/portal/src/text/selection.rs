//! Words of the pages for judges, of rankings, and of what is public.

use vocabulary::Locale;

use super::Text;

words! {
    panel: "審査", "Panel";
    panel_lead: "審査会に付議された案件です。利害関係のある案件は、採点せずに申し出てください。", "These cases are before your panel. Where you have an interest, say so and do not score.";
    nothing_to_score: "今、審査を待つ案件はありません。", "No case is before your panel now.";
    your_points: "あなたの採点", "Your points";
    not_scored: "未採点", "not scored";
    score_case: "採点", "Score";
    see_application: "申請の内容と添付書類を見る", "See the application and its documents";
    criteria: "審査項目", "Criteria";
    most_points: "満点（重みを掛けた合計）", "Most points, with their weights";
    give_points: "採点を送る", "Give the points";
    interest: "利害関係を申し出る", "Declare a conflict of interest";
    interest_lead: "申し出ると、この案件は採点できなくなり、以後表示されません。取り消せません。", "You will neither score nor see this case any more. This cannot be taken back.";
    what_interest: "利害関係の内容", "What the interest is";
    step_aside: "申し出て審査を外れる", "Step aside";
    rankings: "順位の確定", "Rankings";
    ranking_of_call: "順位の確定", "Ranking of a call";
    nothing_to_rank: "順位を決める募集はありません。", "No call is ranked.";
    call: "募集", "Call";
    ranking_now: "今の順位", "As it stands now";
    ranking_preview_lead: "まだ確定していません。同点のくじは、確定するときに引きます。", "Nothing is recorded yet. Lots between equals are drawn when it is.";
    fix_ranking: "この募集の順位を確定する", "Record the ranking of this call";
    recorded_ranking: "確定した順位", "Recorded ranking";
    rank: "順位", "Rank";
    reasons: "理由", "Reasons";
    within: "採択の範囲", "within";
    on_reserve: "補欠", "reserve";
    by_lot: "くじ", "by lot";
    below_minimum: "基準点に届かない案件", "Below the minimum";
    registry: "公開情報", "Public registry";
    registry_lead: "事業者の同意を得て公開しています。", "Published with the consent of the businesses.";
    nothing_published: "公開中の情報はありません。", "Nothing is published at the moment.";
}

impl Text {
    fn either(self, ja: String, en: String) -> String {
        match self.0 {
            Locale::Ja => ja,
            Locale::En => en,
        }
    }

    pub fn points(self, points: u32) -> String {
        self.either(format!("{points}点"), format!("{points} points"))
    }

    pub fn criterion_hint(self, max: u32, weight: u32, minimum: Option<u32>) -> String {
        let mut text = self.either(format!("0～{max}点、重み{weight}"), format!("0 to {max} points, weight {weight}"));
        if let Some(least) = minimum {
            text.push_str(
                &self.either(format!("、平均が{least}点未満は不採択"), format!("; a mean below {least} fails")),
            );
        }
        text
    }

    /// What there was to give.
    pub fn room(self, money: Option<String>, places: Option<i64>) -> String {
        let money = money.map(|yen| self.either(format!("予算の残り{yen}円"), format!("budget left: {yen} yen")));
        let places = places.map(|places| self.either(format!("枠の残り{places}件"), format!("places left: {places}")));
        let said: Vec<String> = money.into_iter().chain(places).collect();
        if said.is_empty() {
            return self.either("予算・枠の上限はありません".to_owned(), "No budget or places limit it".to_owned());
        }
        said.join(self.comma())
    }

    pub fn proof_of_ranking(self, seed: &str, sha256: &str) -> String {
        self.either(
            format!("くじの種 {seed} / SHA-256 {sha256}"),
            format!("Seed of the lots {seed} / SHA-256 {sha256}"),
        )
    }
}
