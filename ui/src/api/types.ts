// The names by which the UI speaks of the shapes of `/api/v1`. They come from the server's OpenAPI document by way of
// schema.d.ts. Times are nanoseconds since the epoch as decimal text (`*_ns: string`); durations and offsets are numbers
// of nanoseconds; places in a filter are UTF-8 bytes.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Problem = Schemas["Problem"];
export type FilterProblem = Schemas["FilterProblem"];
export type Info = Schemas["Info"];
export type Experiment = Schemas["Experiment"];
export type ExperimentList = Schemas["ExperimentList"];

export type State = Schemas["State"];
export type TraceSummary = Schemas["TraceSummary"];
export type TraceList = Schemas["TraceList"];
export type TraceRecord = Schemas["TraceRecord"];
export type Usage = Schemas["Usage"];
export type Cost = Schemas["Cost"];
export type CostReason = Schemas["CostReason"];

export type Histogram = Schemas["Histogram"];
export type HistogramBucket = Schemas["HistogramBucket"];
export type Facets = Schemas["Facets"];
export type Facet = Schemas["Facet"];
export type FacetValue = Schemas["FacetValue"];
export type FilterCheck = Schemas["FilterCheck"];
export type Completion = Schemas["Completion"];
export type CompletionItem = Schemas["CompletionItem"];

export type Assessment = Schemas["Assessment"];
export type AssessmentKind = Schemas["AssessmentKind"];
export type AssessmentSourceType = Schemas["SourceType"];
export type AssessmentSummary = Schemas["AssessmentSummary"];
/** What is left out stays; null would say the same of a name and of metadata. */
export type AssessmentChange = Schemas["AssessmentChange"] & { metadata?: Record<string, string>; name?: string };
export type NewAssessment = Schemas["NewAssessment"];

export type Tree = Schemas["Tree"];
export type Dictionary = Schemas["Dictionary"];
export type SparseDictionary = Schemas["SparseDictionary"];
export type SpanPreview = Schemas["SpanPreview"];
export type Previews = Schemas["Previews"];

export type SpanDetail = Schemas["SpanDetail"];
export type SpanException = Schemas["Exception"];
export type SpanLink = Schemas["SpanLink"];
export type SpanLog = Schemas["SpanLog"];
export type SpanEvent = Schemas["SpanEvent"];
export type Body = Schemas["Body"];
export type Attribute = Schemas["Attribute"];
export type Message = Schemas["Message"];
export type Part = Schemas["Part"];
export type MediaPart = Extract<Part, { type: "image" | "audio" | "file" }>;
export type ToolDefinition = Schemas["ToolDefinition"];
export type Document = Schemas["Document"];

export type Run = Schemas["Run"];
export type RunStatus = Schemas["RunStatus"];
export type RunList = Schemas["RunList"];
export type RunResults = Schemas["RunResults"];
export type ResultColumn = Schemas["ResultColumn"];
export type ResultPair = Schemas["ResultPair"];
export type ResultRow = Schemas["ResultRow"];
export type Score = Schemas["Score"];

export type LabelSchema = Schemas["LabelSchema"];
export type LabelInput = Schemas["LabelInput"];
export type NewLabelSchema = Schemas["NewLabelSchema"];
export type LabelSchemaList = Schemas["LabelSchemaList"];
export type ReviewQueue = Schemas["ReviewQueue"];
export type ReviewQueueList = Schemas["ReviewQueueList"];
export type ReviewQueueDetail = Schemas["ReviewQueueDetail"];
export type NewReviewQueue = Schemas["NewReviewQueue"];
export type ReviewProgress = Schemas["ReviewProgress"];
export type ReviewItem = Schemas["ReviewItem"];
export type ReviewState = Schemas["ReviewStateName"];
export type ReviewItemList = Schemas["ReviewItemList"];
export type ReviewScope = Schemas["ReviewScope"];
export type ClaimedReviews = Schemas["ClaimedReviews"];
export type ReviewDone = Schemas["ReviewDone"];
export type GivenAnswer = Schemas["GivenAnswer"];
export type AddedToReview = Schemas["AddedToReview"];
export type ReviewAgreement = Schemas["ReviewAgreement"];

export type Version = Schemas["VersionSummary"];
export type VersionList = Schemas["VersionList"];
export type VersionDetail = Schemas["VersionDetail"];
export type VersionComparison = Schemas["VersionComparison"];
export type VersionColumn = Schemas["VersionColumn"];
export type VersionSum = Schemas["VersionSum"];

export type PromptSummary = Schemas["PromptSummary"];
export type PromptList = Schemas["PromptList"];
export type PromptDetail = Schemas["PromptDetail"];
export type PromptVersionSummary = Schemas["PromptVersionSummary"];
export type PromptVersion = Schemas["PromptVersion"];

export type Scorer = Schemas["ScorerSummary"];
export type ScorerState = Schemas["ScorerState"];
export type ScorerCounts = Schemas["ScorerCounts"];
export type ScorerDay = Schemas["ScorerDay"];
export type ScorerList = Schemas["ScorerList"];
export type ScorerDetail = Schemas["ScorerDetail"];
export type ScorerLimits = Schemas["ScorerLimits"];
export type ScorerTryResult = Schemas["ScorerTryResult"];
export type Backfill = Schemas["Backfill"];

export type DatasetSummary = Schemas["DatasetSummary"];
export type DatasetList = Schemas["DatasetList"];
export type DatasetDetail = Schemas["DatasetDetail"];
export type DatasetRecordPreview = Schemas["DatasetRecordPreview"];
export type DatasetRecordList = Schemas["DatasetRecordList"];
export type DatasetRecord = Schemas["DatasetRecord"];
export type DatasetVersion = Schemas["DatasetVersion"];
export type DatasetVersionList = Schemas["DatasetVersionList"];
export type DatasetDifference = Schemas["DatasetDifference"];
export type DatasetDifferences = Schemas["DatasetDifferences"];
export type DatasetChangeResult = Schemas["DatasetChangeResult"];
export type DatasetImportResult = Schemas["DatasetImportResult"];
export type FieldMapping = Schemas["FieldMapping"];
export type RecordCandidate = Schemas["RecordCandidate"];
export type RecordProblem = Schemas["RecordProblem"];
export type RecordsFromTracesResult = Schemas["RecordsFromTracesResult"];
/** What is left out has its default. */
export type RecordsFromTraces = Partial<Omit<Schemas["RecordsFromTraces"], "traces">> & { traces?: BulkRequest };

export type SessionSummary = Schemas["SessionSummary"];
export type SessionList = Schemas["SessionList"];

/** What is left out has its default; a request that selects nothing in particular must say `all`. */
export type BulkRequest = Partial<Schemas["BulkRequest"]>;
export type BulkTagRequest = Partial<Schemas["BulkTagRequest"]>;
export type BulkResult = Schemas["BulkResult"];
