#!/usr/bin/env bash
# One application from its first draft to the bank and the audit, by curl alone: a program of Hino, seven people.
# Starts a demonstration of its own in a temporary folder and ends it. Needs curl and jq.
#
#   docs/journey.sh [PATH OF hojokin]      default: target/release/hojokin, target/debug/hojokin, or `hojokin`
#
# Exits with 0 when every step went as it must, and says what did not otherwise.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
hojokin=${1:-}
for candidate in target/release/hojokin target/debug/hojokin; do
    [ -n "$hojokin" ] || { [ -x "$candidate" ] && hojokin=$candidate; } || true
done
hojokin=${hojokin:-hojokin}
listen=${LISTEN:-127.0.0.1:8090}
url=http://$listen
password=sample-passphrase-2026

dir=$(mktemp -d)
server=
trap 'status=$?; [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true; rm -rf "$dir"; exit $status' EXIT

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
# expect WHAT EXPECTED FOUND
expect() { [ "$2" = "$3" ] || fail "$1: expected $2, found $3"; echo "   $1: $3"; }

# A session, kept in a cookie file.
sign_in() {
    jq -n --arg email "$1" --arg password "$password" '{$email, $password}' |
        curl -fsS -c "$dir/$1" -H 'Content-Type: application/json' -d @- "$url/session" | jq -r '"   " + .viewer.name'
}

# ask EMAIL QUERY [VARIABLES]: the data; stops at errors.
ask() {
    local answer
    answer=$(jq -n --arg query "$2" --argjson variables "${3:-null}" '{$query, $variables}' |
        curl -sS -b "$dir/$1" -H 'Content-Type: application/json' -H 'Accept-Language: en' -d @- "$url/graphql")
    jq -e 'has("errors") | not' >/dev/null <<<"$answer" || fail "$(jq -c .errors <<<"$answer")"
    jq .data <<<"$answer"
}

# A key for each wish: sending the same request again does nothing twice.
key() { echo "journey-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"; }

# act EMAIL ACTION [VALUES] [MARKS]: moves the case; the answer is in $answer.
act() {
    local version input
    version=$(ask "$1" 'query($id: ID) { application(id: $id) { version } }' "{\"id\":\"$id\"}" | jq .application.version)
    input=$(jq -n --arg id "$id" --arg action "$2" --argjson version "$version" --argjson values "${3:-null}" \
        --argjson marks "${4:-null}" --arg key "$(key)" \
        '{input: {applicationId: $id, $action, expectedVersion: $version, $values, $marks, idempotencyKey: $key}}')
    answer=$(ask "$1" '
        mutation($input: PerformActionInput!) {
          performAction(input: $input) {
            __typename
            ... on ActionPerformed { application { number state { name label } pendingApproval { waitsFor } } }
            ... on ActionRefused { refusals { code path message } }
            ... on StaleVersion { application { version } }
          }
        }' "$input" | jq .performAction)
}

# does EMAIL ACTION STATE [VALUES] [MARKS]: acts, and the case must be in that state then.
does() {
    act "$1" "$2" "${4:-null}" "${5:-null}"
    [ "$(jq -r .__typename <<<"$answer")" = ActionPerformed ] || fail "$2 by $1: $(jq -c . <<<"$answer")"
    expect "$2 by ${1%%@*}" "$3" "$(jq -r .application.state.name <<<"$answer")"
    jq -r '.application.pendingApproval.waitsFor // empty | "   waits for the signature of " + .' <<<"$answer"
}

# The signatures of a decision, one position after the other; the last one takes effect.
signs() {
    local state_before=$1 state_after=$2
    shift 2
    while [ $# -gt 1 ]; do does "$1" sign "$state_before"; shift; done
    does "$1" sign "$state_after"
}

# upload EMAIL NAME: a small PDF; prints its id.
upload() {
    printf '%%PDF-1.4\n%% %s\n%%%%EOF\n' "$2" >"$dir/$2.pdf"
    curl -fsS -b "$dir/$1" -F "file=@$dir/$2.pdf;type=application/pdf" "$url/files" | jq -r .id
}

# attach EMAIL FORM SLOT…: an uploaded file for each document that the form asks for.
attach() {
    local who=$1 form=$2 slot input
    shift 2
    for slot in "$@"; do
        input=$(jq -n --arg id "$id" --arg form "$form" --arg slot "$slot" --arg file "$(upload "$who" "$slot")" \
            --arg key "$(key)" \
            '{input: {applicationId: $id, $form, $slot, fileId: $file, idempotencyKey: $key}}')
        ask "$who" 'mutation($input: AttachDocumentInput!) { attachDocument(input: $input) { refusals { code message } } }' \
            "$input" | jq -e '.attachDocument.refusals == []' >/dev/null || fail "attaching $slot"
        echo "   attached: $slot"
    done
}

# day N: the demonstration's day, N days later.
day() { jq -rn --arg today "$today" --argjson days "$1" '($today + "T00:00:00Z" | fromdate) + $days * 86400 | strftime("%Y-%m-%d")'; }

say "Start a demonstration"
"$hojokin" demo --listen "$listen" --data "$dir/data" --database "sqlite://$dir/hojokin.db" >"$dir/demo.txt" 2>"$dir/log.txt" &
server=$!
for _ in $(seq 300); do
    curl -fsS -o "$dir/ready" "$url/health/ready" 2>/dev/null && break
    kill -0 "$server" 2>/dev/null || { server=; cat "$dir/log.txt" >&2; fail "the demonstration does not start"; }
    sleep 1
done
curl -fsS "$url/health/ready" && echo

say "Sign in as a business and as the staff of Hino"
owner=tama-seiki@business.example
clerk=clerk@hino.example reviewer=reviewer@hino.example
chief=section-chief@hino.example manager=manager@hino.example
maker=finance-maker@hino.example checker=finance-checker@hino.example accounting=accounting-chief@hino.example
for person in $owner $clerk $reviewer $chief $manager $maker $checker $accounting; do sign_in "$person"; done

say "Register a business"
business=$(ask $owner '
    mutation($input: RegisterBusinessInput!) { registerBusiness(input: $input) { business { id } refusals { message } } }' '{
      "input": {
        "name": "工房あさひ", "nameKana": "コウボウアサヒ", "address": "東京都日野市神明1-12-1",
        "representative": "朝日 花子", "kind": "SOLE_PROPRIETOR", "size": "MICRO",
        "establishedHereOn": "2019-04-01", "employees": 3, "trade": "manufacturing", "idempotencyKey": "journey-business"
      }
    }' | jq -r .registerBusiness.business.id)
echo "   $business"

say "Start an application; what is typed is kept"
started=$(ask $owner '
    mutation($input: StartApplicationInput!) {
      startApplication(input: $input) { application { id createdAt } refusals { code message } }
    }' "$(jq -n --arg business "$business" \
    '{input: {program: "hino/sales-channel", $business, idempotencyKey: "journey-start"}}')" | jq .startApplication)
id=$(jq -r .application.id <<<"$started")
[ "$id" != null ] || fail "$started"
# The demonstration has a clock of its own; days are days in Japan.
today=$(jq -r '.application.createdAt | sub("\\.[0-9]+"; "") | sub("\\+00:00"; "Z") | fromdate + 32400 | strftime("%Y-%m-%d")' <<<"$started")
echo "   $id, on $today"
values=$(jq -n --arg starts "$(day 14)" --arg from "$(day 30)" --arg to "$(day 32)" --arg completes "$(day 40)" '{
    contact_name: "朝日 花子", contact_phone: "042-000-9876",
    starts_on: $starts, completes_on: $completes, pledge: true,
    event: "機械要素技術展", venue: "東京ビッグサイト", abroad: false, held_from: $from, held_to: $to,
    purpose: "新しい切削工具の受注先を開拓する",
    costs: [
      {category: "booth_fee", what: "1小間", supplier: "展示会事務局", net: 240000, tax: 24000},
      {category: "samples", what: "切削サンプル", supplier: "多摩樹脂", net: 80000, tax: 8000}
    ]
}')
ask $owner 'mutation($input: SaveDraftInput!) { saveDraft(input: $input) { refusals { code } } }' \
    "$(jq -n --arg id "$id" --argjson values "$values" '{input: {applicationId: $id, form: "application", $values}}')" >/dev/null

say "The award before handing in: half of 240,000 + 50,000 (samples are capped)"
preview=$(ask $owner '
    mutation($input: PreviewAmountInput!) { previewAmount(input: $input) { amount explanation refusals { code path } } }' \
    "$(jq -n --arg id "$id" --argjson values "$values" '{input: {applicationId: $id, form: "application", $values}}')" |
    jq .previewAmount)
jq -r .explanation <<<"$preview" | sed 's/^/   /'
expect "award" 145000 "$(jq .amount <<<"$preview")"

say "Submitting without documents is refused, with every reason"
act $owner submit
expect "submit" ActionRefused "$(jq -r .__typename <<<"$answer")"
jq -r '.refusals[] | "   " + .code + " " + (.path // "") + ": " + .message' <<<"$answer"

say "Attach the documents and submit"
attach $owner application plan show_outline quotation tax_certificate
does $owner submit submitted
number=$(jq -r .application.number <<<"$answer")
echo "   number: $number"

say "The office receives it and returns it for correction"
does $clerk receive under_review
does $reviewer request_correction correcting '{"message": "サンプルの見積額をご確認ください"}' \
    '[{"field": "costs", "remark": "見積書では 60,000 円です"}]'
act $owner resubmit '{"venue": "幕張メッセ"}'
expect "changing what was not marked" field.locked "$(jq -r '.refusals[0].code' <<<"$answer")"
does $owner resubmit under_review "$(jq '{costs: (.costs | .[1].net = 60000 | .[1].tax = 6000)}' <<<"$values")"

say "Grant: drafted by the reviewer, signed by two positions"
does $reviewer grant under_review
act $manager sign
expect "signing out of turn" approval.not_your_turn "$(jq -r '.refusals[0].code' <<<"$answer")"
signs under_review granted $chief $manager
ask $owner 'query($id: ID) { application(id: $id) { award { decided { amount explanation } } deadlines { day } } }' \
    "{\"id\":\"$id\"}" | jq -r '.application | "   ¥\(.award.decided.amount), report due on \(.deadlines[0].day)"'
budget() {
    ask $reviewer 'query($year: Int!) { budget(program: "hino/sales-channel", fiscalYear: $year) { appropriated available committed finalized ordered paid } }' \
        "{\"year\":$(($(day -90 | cut -c1-4)))}" | jq -c .budget
}
echo "   budget: $(budget)"

say "Report and finalize"
attach $owner report receipts photos business_results
does $owner report reported "$(jq -n --arg today "$today" '{
    completed_on: $today, results: "商談32件、うち5件が見積りに進んだ",
    costs: [{category: "booth_fee", what: "1小間", supplier: "展示会事務局", net: 240000, tax: 24000,
             ordered_on: $today, delivered_on: $today, paid_on: $today}]
}')"
does $reviewer finalize reported
signs reported finalized $chief $manager

say "Claim"
attach $owner claim passbook
does $owner claim claimed \
    '{"account": {"bank": "0138", "branch": "200", "kind": "ordinary", "number": "1234567", "holder_kana": "アサヒ ハナコ"}}'

say "Order the payment"
does $maker order claimed
signs claimed ordered $accounting $manager

say "A batch: made by one, approved by another"
line=$(ask $maker '{ payables(municipality: "hino") { id applicationNumber payeeName amount } }' |
    jq -r --arg number "$number" '.payables[] | select(.applicationNumber == $number) | .id')
for ahead in 0 1 2 3 4 5 6 7 8 9 10; do
    created=$(ask $maker '
        mutation($input: CreatePaymentBatchInput!) {
          createPaymentBatch(input: $input) { batch { id state transferDate count total digest } refusals { code message } }
        }' "$(jq -n --arg date "$(day $ahead)" --arg line "$line" --arg key "$(key)" \
        '{input: {municipality: "hino", transferDate: $date, lines: [$line], idempotencyKey: $key}}')" | jq .createPaymentBatch)
    # Banks rest on weekends and holidays; try the next day then.
    [ "$(jq -r '.refusals[0].code' <<<"$created")" = batch.not_a_bank_day ] || break
done
batch=$(jq -r '.batch.id // empty' <<<"$created")
[ -n "$batch" ] || fail "$created"
digest=$(jq -r .batch.digest <<<"$created")
jq -r '"   \(.batch.count) payment, ¥\(.batch.total), on \(.batch.transferDate)"' <<<"$created"

# batch_act EMAIL MUTATION SELECTION [MORE INPUT]: the payload.
batch_act() {
    local name=$2 more=${4:-null}
    ask "$1" "mutation(\$input: ${name^}Input!) { $name(input: \$input) { $3 refusals { code message } } }" \
        "$(jq -n --arg batch "$batch" --argjson more "$more" --arg key "$(key)" \
        '{input: ({batchId: $batch, idempotencyKey: $key} + ($more // {}))}')" | jq ".$name"
}
refused=$(batch_act $checker exportPaymentBatch 'batch { state }')
expect "exporting before the approval" batch.not_approved "$(jq -r '.refusals[0].code' <<<"$refused")"
approved=$(batch_act $checker approvePaymentBatch 'batch { state }' "{\"digest\": \"$digest\"}")
expect "approved" APPROVED "$(jq -r .batch.state <<<"$approved")"

say "The bank file"
exported=$(batch_act $maker exportPaymentBatch 'fileName url sha256 repeat')
file=$dir/$(jq -r .fileName <<<"$exported")
curl -fsS -b "$dir/$maker" -o "$file" "$url$(jq -r .url <<<"$exported")"
expect "SHA-256" "$(jq -r .sha256 <<<"$exported")" "$(sha256sum "$file" | cut -d' ' -f1)"
"$hojokin" payments check "$file" | sed 's/^/   /'
again=$(batch_act $maker exportPaymentBatch 'sha256 repeat')
expect "exported again, marked as a repeat" true "$(jq -r .repeat <<<"$again")"
expect "the same bytes" "$(jq -r .sha256 <<<"$exported")" "$(jq -r .sha256 <<<"$again")"

say "Hand it over, and record what the bank did"
expect "handed over" HANDED_OVER "$(batch_act $maker handOverPaymentBatch 'batch { state }' | jq -r .batch.state)"
settled=$(batch_act $maker recordTransferResults 'batch { state }' \
    "$(jq -n --arg line "$line" '{results: [{lineId: $line, outcome: "TRANSFERRED"}]}')")
if [ "$(jq -r .batch.transferDate <<<"$created")" = "$today" ]; then
    [ "$(jq .batch <<<"$settled")" != null ] || fail "$settled"
    expect "confirmed" CONFIRMED "$(jq -r .batch.state <<<"$settled")"
    end=paid paid=120000
else
    # Today the banks rest: what they will do on the transfer date cannot be recorded yet.
    expect "results before the transfer date" batch.too_early "$(jq -r '.refusals[0].code' <<<"$settled")"
    end=ordered paid=null
fi
case=$(ask $owner '
    query($number: String) {
      application(number: $number) {
        state { name } award { paid { amount } } letters { title number } messages { subject sentAt }
        history(first: 100) { edges { node { sequence action stage actorName hash } } }
      }
    }' "{\"number\":\"$number\"}" | jq .application)
expect "state" $end "$(jq -r .state.name <<<"$case")"
expect "paid" $paid "$(jq .award.paid.amount <<<"$case")"
echo "   budget: $(budget)"
jq -r '.letters[] | "   letter: \(.title) \(.number)"' <<<"$case"
jq -r '.messages[] | "   mail: \(.subject)"' <<<"$case"
jq -r '.history.edges[].node | "   \(.sequence) \(.action) \(.stage) \(.actorName) \(.hash[:12])"' <<<"$case"

say "Verify the history without any database"
"$hojokin" audit export "$dir/audit.jsonl" --seals "$dir/seals.json" --data "$dir/data" --database "sqlite://$dir/hojokin.db" | sed 's/^/   /'
"$hojokin" audit verify "$dir/audit.jsonl" --seals "$dir/seals.json" | sed 's/^/   /'
# Whoever changes one letter is found.
sed '1s/"action":"submit"/"action":"submitX"/' "$dir/audit.jsonl" >"$dir/forged.jsonl"
if "$hojokin" audit verify "$dir/forged.jsonl" --seals "$dir/seals.json" >/dev/null 2>&1; then fail "a forged history was not found"; fi
echo "   a forged history is found"

say "Done"
