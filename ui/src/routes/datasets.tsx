// Datasets, their records and versions: `/datasets?dataset=…&record=…&version=3&against=2&view=versions`.
import { DatasetsPage } from "../features/datasets/DatasetsPage";

export default DatasetsPage;
