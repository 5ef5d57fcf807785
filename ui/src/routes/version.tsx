// One version: `/versions/{id}`.
import { VersionPage } from "../features/versions/VersionPage";

export default VersionPage;
