// Prompts and their versions: `/prompts?prompt=…&version=3&against=2`.
import { PromptsPage } from "../features/prompts/PromptsPage";

export default PromptsPage;
