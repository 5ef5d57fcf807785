// The list of traces.
export default function TracesRoute() {
  return <main>Traces</main>;
}
