// Whether the box that was pressed is ticked now.
const element = waiting();
if (!element) return { gone: null };
return { held: tickedOf(element) };
