//! Where the boxes of a machine go: layers from the start to the ends, labels of arrows as boxes of their own, so that
//! no text lies on another. The same graph always gives the same places. Lengths are in units of the picture.

use std::collections::BTreeSet;

/// A box to be placed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub width: i64,
    pub height: i64,
}

/// An arrow between two boxes, with the size of its label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrow {
    pub from: usize,
    pub to: usize,
    pub label: Size,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Point {
    pub x: i64,
    pub y: i64,
}

/// Places of the middles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub boxes: Vec<Point>,
    pub arrows: Vec<Route>,
    pub width: i64,
    pub height: i64,
}

/// The way of an arrow, from the edge of one box to the edge of the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// Top and bottom of the way in every layer that it passes, in the direction of the arrow.
    pub points: Vec<Point>,
    pub label: Point,
}

const GAP_X: i64 = 18;
const GAP_Y: i64 = 16;
/// Sweeps over the layers to untangle arrows; more change nothing for graphs of some dozens of boxes.
const SWEEPS: usize = 24;
/// Passes to put boxes below each other.
const PASSES: usize = 24;

#[derive(Clone, Copy, Debug)]
struct Node {
    size: Size,
    layer: usize,
    x: i64,
}

struct Graph {
    nodes: Vec<Node>,
    /// From one layer to the next, downwards.
    down: Vec<Vec<usize>>,
    up: Vec<Vec<usize>>,
    layers: Vec<Vec<usize>>,
}

/// Places boxes and arrows; the first box is where everything begins. Arrows from a box to itself have no place here.
pub(crate) fn layout(boxes: &[Size], arrows: &[Arrow]) -> Layout {
    let upwards = backward(boxes.len(), arrows);
    let ranks = ranks(boxes.len(), arrows, &upwards);
    let mut graph = Graph::new(boxes, &ranks);
    let ways: Vec<Vec<usize>> =
        arrows.iter().enumerate().map(|(i, arrow)| graph.connect(arrow, upwards.contains(&i), &ranks)).collect();
    graph.untangle();
    graph.straighten();
    graph.finish(boxes, arrows, &ways)
}

/// Arrows that close a circle: they are laid out as if they pointed the other way.
fn backward(count: usize, arrows: &[Arrow]) -> BTreeSet<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; count];
    let mut found = BTreeSet::new();
    for root in 0..count {
        let mut stack = vec![(root, 0)];
        if seen.get(root) != Some(&Seen::Not) {
            continue;
        }
        while let Some((node, next)) = stack.pop() {
            if let Some(mark) = seen.get_mut(node) {
                *mark = Seen::Open;
            }
            let following = arrows.iter().enumerate().skip(next).find(|(_, arrow)| arrow.from == node);
            let Some((index, arrow)) = following else {
                if let Some(mark) = seen.get_mut(node) {
                    *mark = Seen::Done;
                }
                continue;
            };
            stack.push((node, index + 1));
            match seen.get(arrow.to) {
                Some(Seen::Open) => _ = found.insert(index),
                Some(Seen::Not) => stack.push((arrow.to, 0)),
                _ => {}
            }
        }
    }
    found
}

/// The longest way from a beginning.
fn ranks(count: usize, arrows: &[Arrow], upwards: &BTreeSet<usize>) -> Vec<usize> {
    let mut ranks = vec![0_usize; count];
    for _ in 0..count {
        let mut changed = false;
        for (i, arrow) in arrows.iter().enumerate() {
            let (from, to) = if upwards.contains(&i) { (arrow.to, arrow.from) } else { (arrow.from, arrow.to) };
            let least = ranks.get(from).map_or(0, |rank| rank + 1);
            if let Some(rank) = ranks.get_mut(to).filter(|rank| **rank < least) {
                *rank = least;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    ranks
}

impl Graph {
    /// Boxes lie in every second layer, labels between them.
    fn new(boxes: &[Size], ranks: &[usize]) -> Self {
        let deepest = ranks.iter().max().copied().unwrap_or(0);
        let mut graph = Self {
            nodes: Vec::new(),
            down: Vec::new(),
            up: Vec::new(),
            layers: vec![Vec::new(); deepest.saturating_mul(2) + 1],
        };
        for (size, rank) in boxes.iter().zip(ranks) {
            graph.add(*size, rank * 2);
        }
        graph
    }

    fn add(&mut self, size: Size, layer: usize) -> usize {
        let id = self.nodes.len();
        self.nodes.push(Node { size, layer, x: 0 });
        self.down.push(Vec::new());
        self.up.push(Vec::new());
        if let Some(row) = self.layers.get_mut(layer) {
            row.push(id);
        }
        id
    }

    /// A node in each layer that the arrow passes; the label is next to where the arrow begins. From top to bottom.
    fn connect(&mut self, arrow: &Arrow, upwards: bool, ranks: &[usize]) -> Vec<usize> {
        let (top, bottom) = if upwards { (arrow.to, arrow.from) } else { (arrow.from, arrow.to) };
        let layer = |node: usize| ranks.get(node).copied().unwrap_or(0) * 2;
        let (first, last) = (layer(top) + 1, layer(bottom));
        let label_at = if upwards { last.saturating_sub(1) } else { first };
        let mut way = vec![top];
        for at in first..last {
            let size = if at == label_at { arrow.label } else { Size { width: 0, height: 0 } };
            way.push(self.add(size, at));
        }
        way.push(bottom);
        for pair in way.windows(2) {
            if let [above, below] = *pair {
                self.down.get_mut(above).into_iter().for_each(|nodes| nodes.push(below));
                self.up.get_mut(below).into_iter().for_each(|nodes| nodes.push(above));
            }
        }
        way
    }

    fn neighbors(&self, node: usize, above: bool) -> &[usize] {
        let side = if above { &self.up } else { &self.down };
        side.get(node).map_or(&[], Vec::as_slice)
    }

    fn positions(&self) -> Vec<i64> {
        let mut positions = vec![0; self.nodes.len()];
        for layer in &self.layers {
            for (node, place) in layer.iter().zip(0..) {
                positions.get_mut(*node).into_iter().for_each(|position| *position = place);
            }
        }
        positions
    }

    /// Orders each layer by the middle of what it is connected to, and keeps the order with the fewest crossings.
    fn untangle(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let above = sweep % 2 == 0;
            let count = self.layers.len();
            for step in 1..count {
                let at = if above { step } else { count - 1 - step };
                let positions = self.positions();
                let middle = |node: &usize| {
                    let near = self.neighbors(*node, above);
                    let own = positions.get(*node).copied().unwrap_or(0) * SCALE;
                    let sum: i64 = near.iter().filter_map(|near| positions.get(*near)).sum();
                    i64::try_from(near.len()).ok().filter(|count| *count > 0).map_or(own, |count| sum * SCALE / count)
                };
                let mut order: Vec<(i64, usize)> =
                    self.layers.get(at).into_iter().flatten().map(|node| (middle(node), *node)).collect();
                // A stable sort: what is level keeps its order.
                order.sort_by_key(|(middle, _)| *middle);
                if let Some(layer) = self.layers.get_mut(at) {
                    *layer = order.into_iter().map(|(_, node)| node).collect();
                }
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn crossings(&self) -> usize {
        let positions = self.positions();
        let mut crossings = 0;
        for layer in &self.layers {
            let mut ends: Vec<i64> = Vec::new();
            for node in layer {
                let mut below: Vec<i64> =
                    self.neighbors(*node, false).iter().filter_map(|near| positions.get(*near).copied()).collect();
                below.sort_unstable();
                crossings += below.iter().map(|end| ends.iter().filter(|other| *other > end).count()).sum::<usize>();
                ends.extend(below);
            }
        }
        crossings
    }

    /// Puts nodes above and below what they are connected to, as far as their neighbors in the layer leave room.
    fn straighten(&mut self) {
        for at in 0..self.layers.len() {
            self.place(at, &[]);
        }
        for pass in 0..PASSES {
            let count = self.layers.len();
            for step in 0..count {
                let at = if pass % 2 == 0 { step } else { count - 1 - step };
                let sides: &[bool] = if pass + 2 >= PASSES { &[true, false] } else { &[pass % 2 == 0] };
                self.place(at, sides);
            }
        }
        let left = self.nodes.iter().map(|node| node.x - node.size.width / 2).min().unwrap_or(0);
        self.nodes.iter_mut().for_each(|node| node.x -= left);
    }

    /// The places in one layer that are nearest to what each node wishes, with gaps between them: neighbors that would
    /// overlap move as one block, to the mean of their wishes.
    fn place(&mut self, at: usize, sides: &[bool]) {
        struct Block {
            weight: i64,
            /// Σ weight × (wish − offset)
            sum: i64,
            nodes: Vec<(usize, i64)>,
        }
        let Some(layer) = self.layers.get(at) else { return };
        let mut blocks: Vec<Block> = Vec::new();
        let (mut offset, mut before) = (0, None::<Size>);
        for id in layer {
            let Some(node) = self.nodes.get(*id) else { continue };
            if let Some(before) = before {
                offset += (before.width + node.size.width) / 2 + GAP_X;
            }
            before = Some(node.size);
            let near: Vec<usize> = sides.iter().flat_map(|above| self.neighbors(*id, *above)).copied().collect();
            // A way that only passes is kept straight before anything else.
            let weight_of = |near: &usize| if node.size.width == 0 && self.is_passing(*near) { 8 } else { 1 };
            let weights: i64 = near.iter().map(weight_of).sum();
            let wishes: i64 = near.iter().filter_map(|near| Some(self.nodes.get(*near)?.x * weight_of(near))).sum();
            let (weight, wish) = if weights == 0 { (1, node.x.max(offset)) } else { (weights, wishes / weights) };
            let mut block = Block { weight, sum: weight * (wish - offset), nodes: vec![(*id, offset)] };
            while let Some(last) = blocks.pop_if(|last| last.sum * block.weight > block.sum * last.weight) {
                let Block { weight, sum, mut nodes } = last;
                nodes.append(&mut block.nodes);
                block = Block { weight: weight + block.weight, sum: sum + block.sum, nodes };
            }
            blocks.push(block);
        }
        for block in blocks {
            let start = block.sum / block.weight.max(1);
            for (id, offset) in block.nodes {
                self.nodes.get_mut(id).into_iter().for_each(|node| node.x = start + offset);
            }
        }
    }

    fn is_passing(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.size.width == 0)
    }

    /// Heights of layers, and the ways of arrows in their own direction.
    fn finish(&self, boxes: &[Size], arrows: &[Arrow], ways: &[Vec<usize>]) -> Layout {
        let mut middles = Vec::new();
        let mut y = 0;
        for layer in &self.layers {
            let height = layer.iter().filter_map(|id| self.nodes.get(*id)).map(|node| node.size.height).max();
            let height = height.unwrap_or(0);
            middles.push(y + height / 2);
            y += height + GAP_Y;
        }
        let middle = |id: usize| {
            let node = self.nodes.get(id).copied();
            let place = node.and_then(|node| Some(Point { x: node.x, y: middles.get(node.layer).copied()? }));
            (place.unwrap_or_default(), node.map_or(0, |node| node.size.height / 2))
        };
        let route = |(arrow, way): (&Arrow, &Vec<usize>)| {
            let mut route = Route::default();
            let last = way.len().saturating_sub(1);
            for (i, id) in way.iter().enumerate() {
                let (point, half) = middle(*id);
                if i > 0 {
                    route.points.push(Point { y: point.y - half, ..point });
                }
                if i < last {
                    route.points.push(Point { y: point.y + half, ..point });
                }
                if self.nodes.get(*id).is_some_and(|node| node.layer % 2 == 1 && node.size.width > 0) {
                    route.label = point;
                }
            }
            if way.first() != Some(&arrow.from) {
                route.points.reverse();
            }
            route
        };
        Layout {
            boxes: (0..boxes.len()).map(|id| middle(id).0).collect(),
            arrows: arrows.iter().zip(ways).map(route).collect(),
            width: self.nodes.iter().map(|node| node.x + node.size.width / 2).max().unwrap_or(0),
            height: (y - GAP_Y).max(0),
        }
    }
}

/// Positions are compared in parts of a place.
const SCALE: i64 = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn overlap(a: (Point, Size), b: (Point, Size)) -> bool {
        (a.0.x - b.0.x).abs() * 2 < a.1.width + b.1.width && (a.0.y - b.0.y).abs() * 2 < a.1.height + b.1.height
    }

    proptest! {
        #[test]
        fn no_box_and_no_label_lies_on_another(
            widths in prop::collection::vec(20..200i64, 1..12),
            ends in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 10..120i64), 0..24),
        ) {
            let boxes: Vec<Size> = widths.iter().map(|width| Size { width: *width, height: 40 }).collect();
            let arrows: Vec<Arrow> = ends
                .iter()
                .map(|(from, to, width)| Arrow {
                    from: from.index(boxes.len()),
                    to: to.index(boxes.len()),
                    label: Size { width: *width, height: 24 },
                })
                .filter(|arrow| arrow.from != arrow.to)
                .collect();
            let laid = layout(&boxes, &arrows);
            let mut all: Vec<(Point, Size)> = laid.boxes.iter().copied().zip(boxes.iter().copied()).collect();
            all.extend(laid.arrows.iter().zip(&arrows).map(|(route, arrow)| (route.label, arrow.label)));
            for (i, one) in all.iter().enumerate() {
                prop_assert!(one.0.x * 2 >= one.1.width - 1 && one.0.x * 2 <= laid.width * 2 - one.1.width + 2);
                for other in all.iter().skip(i + 1) {
                    prop_assert!(!overlap(*one, *other), "{one:?} {other:?}");
                }
            }
            for (route, arrow) in laid.arrows.iter().zip(&arrows) {
                let ends = (route.points.first().map(|p| p.x), route.points.last().map(|p| p.x));
                prop_assert_eq!(ends, (Some(laid.boxes[arrow.from].x), Some(laid.boxes[arrow.to].x)));
            }
        }
    }
}
