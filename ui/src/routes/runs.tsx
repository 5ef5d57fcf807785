// The list of runs: `/runs?experiment=…&filter=…`.
import { RunsPage } from "../features/runs/RunsPage";

export default RunsPage;
