//! Vector stores as OpenLLMetry's instrumentors of Chroma, Pinecone, Qdrant, Milvus, Weaviate and Marqo write them: results
//! are events.
//!
//! <https://github.com/traceloop/openllmetry/tree/main/packages/opentelemetry-semantic-conventions-ai>

use super::{Dialect, TypeKey, TypeMeaning};

pub(crate) const VECTOR_STORE: Dialect = Dialect {
    types: &[
        TypeKey { key: "db.vector.query.top_k", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "pinecone.query.top_k", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "db.chroma.query.n_results", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "db.milvus.search.limit", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "db.milvus.search.collection_name", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "qdrant.search.collection_name", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "qdrant.search_batch.collection_name", meaning: TypeMeaning::Always("RETRIEVER") },
        TypeKey { key: "db.marqo.search.query", meaning: TypeMeaning::Always("RETRIEVER") },
    ],
    inputs: &["db.marqo.search.query"],
    document_events: &["db.query.result", "db.search.result"],
    ..Dialect::NONE
};
