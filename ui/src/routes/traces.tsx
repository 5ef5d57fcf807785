// The list of traces: `/traces?experiment=…&filter=…&trace=…`.
import { TracesPage } from "../features/traces/TracesPage";

export default TracesPage;
