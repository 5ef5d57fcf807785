// One run and its results: `/runs/{id}?baseline=…&rows=worse&trace=…`.
import { RunPage } from "../features/runs/RunPage";

export default RunPage;
