// Versions side by side: `/versions/compare?versions=a,b`.
import { ComparePage } from "../features/versions/ComparePage";

export default ComparePage;
