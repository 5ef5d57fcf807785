// The experiments: `/experiments`.
import { ExperimentsPage } from "../features/experiments/ExperimentsPage";

export default ExperimentsPage;
