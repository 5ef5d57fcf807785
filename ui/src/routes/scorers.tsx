// Scorers: `/scorers?scorer=…`.
import { ScorersPage } from "../features/scorers/ScorersPage";

export default ScorersPage;
