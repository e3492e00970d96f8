export default function Page() {
  return <p>POST a photo to /api/caption</p>;
}
