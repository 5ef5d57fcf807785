//! Records of datasets are redacted before anything else is done with them, whichever way they come.

use crate::App;
use spanwise_ingest::{IngestError, RecordTexts};

impl App {
    /// Redacts records by the rules of the experiments that their dataset belongs to.
    ///
    /// # Errors
    /// `NotFound` if experiments have rules and there is no such dataset; `Unavailable` if the rules can't be read.
    pub(crate) async fn redact_records<'r, R: Into<RecordTexts<'r>>>(
        &self,
        dataset: &str,
        records: impl IntoIterator<Item = R>,
    ) -> Result<(), IngestError> {
        let redaction = self.ingest.redaction();
        if !redaction.is_on().await? {
            return Ok(());
        }
        let records: Vec<RecordTexts<'r>> = records.into_iter().map(Into::into).collect();
        let dataset = self.catalog.get_dataset(dataset).await?;
        redaction.records(&dataset.experiments, records).await
    }
}
