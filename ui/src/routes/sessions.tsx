// The list of sessions: `/sessions?experiment=…&session=…`.
import { SessionsPage } from "../features/sessions/SessionsPage";

export default SessionsPage;
