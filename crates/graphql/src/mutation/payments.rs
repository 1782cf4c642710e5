//! Payment batches: made by one, approved by another, sent once.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use treasury::{LineOutcome, LineResult, ReturnKind};

use super::{key, payload, refused};
use crate::enums::TransferOutcome;
use crate::fault::bad_input;
use crate::ids::Kind;
use crate::scalars::Date;
use crate::scope::Scope;
use crate::text::{Refusal, refusals};
use crate::types::money::PaymentBatch;

#[derive(Default)]
pub(crate) struct Payments;

#[derive(InputObject)]
pub(crate) struct CreatePaymentBatchInput {
    /// The municipality's name, the first part of its programs' slugs.
    municipality: String,
    /// 振込指定日
    transfer_date: Date,
    /// Ids of payables; everything that waits when absent.
    lines: Option<Vec<ID>>,
    idempotency_key: String,
}

payload!(CreatePaymentBatchPayload { batch: PaymentBatch });

#[derive(InputObject)]
pub(crate) struct ApprovePaymentBatchInput {
    batch_id: ID,
    /// The batch's `digest` as it was shown: what one sees is what one approves.
    digest: Option<String>,
    idempotency_key: String,
}

payload!(ApprovePaymentBatchPayload { batch: PaymentBatch });

#[derive(InputObject)]
pub(crate) struct ExportPaymentBatchInput {
    batch_id: ID,
    idempotency_key: String,
}

#[derive(SimpleObject)]
pub(crate) struct ExportPaymentBatchPayload {
    batch: Option<PaymentBatch>,
    file_name: Option<String>,
    /// Where the file is; the same bytes each time.
    url: Option<String>,
    sha256: Option<String>,
    /// The file was made before: do not hand it over twice.
    repeat: bool,
    refusals: Vec<Refusal>,
}

#[derive(InputObject)]
pub(crate) struct HandOverPaymentBatchInput {
    batch_id: ID,
    idempotency_key: String,
}

payload!(HandOverPaymentBatchPayload { batch: PaymentBatch });

#[derive(InputObject)]
pub(crate) struct CancelPaymentBatchInput {
    batch_id: ID,
    reason: String,
    idempotency_key: String,
}

payload!(CancelPaymentBatchPayload { batch: PaymentBatch });

#[derive(InputObject)]
pub(crate) struct TransferResultInput {
    line_id: ID,
    outcome: TransferOutcome,
    /// Of a return.
    reason: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct RecordTransferResultsInput {
    batch_id: ID,
    results: Vec<TransferResultInput>,
    idempotency_key: String,
}

payload!(RecordTransferResultsPayload { batch: PaymentBatch });

impl TransferResultInput {
    fn decoded(self) -> Result<LineResult, Error> {
        let line = Kind::PaymentLine.uuid("results.lineId", &self.line_id)?;
        let returned = |kind, reason: Option<String>| match reason {
            Some(reason) if !reason.trim().is_empty() => Ok(LineOutcome::Returned { kind, reason }),
            _ => Err(bad_input("results.reason", "a return needs its reason")),
        };
        let outcome = match self.outcome {
            TransferOutcome::Transferred => LineOutcome::Transferred,
            TransferOutcome::TransferFailed => returned(ReturnKind::TransferFailed, self.reason)?,
            TransferOutcome::Recalled => returned(ReturnKind::Recalled, self.reason)?,
        };
        Ok(LineResult { line, outcome })
    }
}

#[Object]
impl Payments {
    async fn create_payment_batch(
        &self,
        ctx: &Context<'_>,
        input: CreatePaymentBatchInput,
    ) -> Result<CreatePaymentBatchPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let key = key(&input.idempotency_key)?;
        let decoded = |lines: Vec<ID>| lines.iter().map(|id| Kind::PaymentLine.uuid("lines", id)).collect();
        let lines = input.lines.map(decoded).transpose()?;
        let created =
            scope.service.create_payment_batch(viewer, &input.municipality, input.transfer_date.0, lines, key).await;
        Ok(CreatePaymentBatchPayload::of(refused(scope, created)?, PaymentBatch::from))
    }

    /// By somebody other than who made it.
    async fn approve_payment_batch(
        &self,
        ctx: &Context<'_>,
        input: ApprovePaymentBatchInput,
    ) -> Result<ApprovePaymentBatchPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let batch = Kind::PaymentBatch.uuid("batchId", &input.batch_id)?;
        let key = key(&input.idempotency_key)?;
        let approved = scope.service.approve_payment_batch(viewer, batch, input.digest.as_deref(), key).await;
        Ok(ApprovePaymentBatchPayload::of(refused(scope, approved)?, PaymentBatch::from))
    }

    /// Makes the bank's file; the same bytes each time, marked when made again.
    async fn export_payment_batch(
        &self,
        ctx: &Context<'_>,
        input: ExportPaymentBatchInput,
    ) -> Result<ExportPaymentBatchPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let batch = Kind::PaymentBatch.uuid("batchId", &input.batch_id)?;
        let key = key(&input.idempotency_key)?;
        let exported = scope.service.export_payment_batch(viewer, batch, key).await;
        Ok(match refused(scope, exported)? {
            Ok((view, file)) => ExportPaymentBatchPayload {
                url: Some(format!("/payment-batches/{}/file", view.batch.id)),
                sha256: Some(view.file_sha256.clone().unwrap_or_else(|| vocabulary::digest(&file.bytes))),
                repeat: file.repeated,
                file_name: Some(file.name),
                batch: Some(view.into()),
                refusals: Vec::new(),
            },
            Err(reasons) => ExportPaymentBatchPayload {
                batch: None,
                file_name: None,
                url: None,
                sha256: None,
                repeat: false,
                refusals: refusals(reasons),
            },
        })
    }

    /// States that the bank has the file.
    async fn hand_over_payment_batch(
        &self,
        ctx: &Context<'_>,
        input: HandOverPaymentBatchInput,
    ) -> Result<HandOverPaymentBatchPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let batch = Kind::PaymentBatch.uuid("batchId", &input.batch_id)?;
        let key = key(&input.idempotency_key)?;
        let handed_over = scope.service.hand_over_payment_batch(viewer, batch, key).await;
        Ok(HandOverPaymentBatchPayload::of(refused(scope, handed_over)?, PaymentBatch::from))
    }

    async fn cancel_payment_batch(
        &self,
        ctx: &Context<'_>,
        input: CancelPaymentBatchInput,
    ) -> Result<CancelPaymentBatchPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let batch = Kind::PaymentBatch.uuid("batchId", &input.batch_id)?;
        let key = key(&input.idempotency_key)?;
        let cancelled = scope.service.cancel_payment_batch(viewer, batch, input.reason, key).await;
        Ok(CancelPaymentBatchPayload::of(refused(scope, cancelled)?, PaymentBatch::from))
    }

    /// What the bank reported; lines may come in several calls.
    async fn record_transfer_results(
        &self,
        ctx: &Context<'_>,
        input: RecordTransferResultsInput,
    ) -> Result<RecordTransferResultsPayload, Error> {
        let scope = Scope::of(ctx)?;
        let viewer = scope.viewer()?;
        let batch = Kind::PaymentBatch.uuid("batchId", &input.batch_id)?;
        let key = key(&input.idempotency_key)?;
        let results = input.results.into_iter().map(TransferResultInput::decoded).collect::<Result<_, _>>()?;
        let recorded = scope.service.record_transfer_results(viewer, batch, results, key).await;
        Ok(RecordTransferResultsPayload::of(refused(scope, recorded)?, PaymentBatch::from))
    }
}
