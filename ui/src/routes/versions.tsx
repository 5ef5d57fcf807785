// The list of versions: `/versions?experiment=…`.
import { VersionsPage } from "../features/versions/VersionsPage";

export default VersionsPage;
