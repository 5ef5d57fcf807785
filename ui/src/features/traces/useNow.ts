import { useEffect, useState } from "react";

const STEP_MS = 5000;

/** Returns the time, renewed every few seconds, for texts such as "4m". */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), STEP_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
