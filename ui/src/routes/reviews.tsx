// The review queues: `/reviews?experiment=…`.
import { ReviewsPage } from "../features/reviews/ReviewsPage";

export default ReviewsPage;
