import { useEffect, useRef, useState } from 'react';

export default function Home() {
  const input = useRef(null);
  const [caption, setCaption] = useState('');
  useEffect(() => {
    const workers = Number(new URLSearchParams(location.search).get('workers') ?? 0);
    input.current.onchange = async () => {
      setCaption('…');
      const { loadCaptioner } = await import('zipcaption');
      const captioner = await loadCaptioner({ workers });
      setCaption((await captioner.caption(input.current.files[0])).text);
    };
  }, []);
  return (
    <>
      <input ref={input} type="file" />
      <p>{caption}</p>
    </>
  );
}
