// One review queue, where its traces are reviewed: `/reviews/{id}?view=items`.
import { ReviewQueuePage } from "../features/reviews/ReviewQueuePage";

export default ReviewQueuePage;
