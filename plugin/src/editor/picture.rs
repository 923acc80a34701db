//! Pictures of what egui draws, without a window or a graphics card, alike on every machine.

use dream_soft_render::{ClipRect, Color, Error, Mesh, SoftwareRenderer, TextureId, Vertex};
use egui::{
    ClippedPrimitive, Context, FullOutput, ImageData, Pos2, RawInput, Rect, TexturesDelta, Ui,
    Vec2,
    epaint::{ImageDelta, Primitive, Vertex as Corner},
    vec2,
};
use std::collections::HashMap;

/// Pixels from the top, each as red, green, blue and opacity.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgba: Vec<u8>,
}

impl Picture {
    /// What a function draws into a window of its own. Some of it is known only after a first frame, so there are two.
    ///
    /// # Errors
    ///
    /// If a texture is too large.
    pub(super) fn of(size: [usize; 2], mut draw: impl FnMut(&mut Ui)) -> Result<Self, Error> {
        let context = Context::default();
        super::theme::apply(&context);
        let mut rasteriser = Rasteriser::default();
        let [width, height] = size.map(|side| side as f32);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(width, height))),
            ..Default::default()
        };
        let mut first = context.run_ui(input.clone(), &mut draw);
        rasteriser.take_textures(std::mem::take(&mut first.textures_delta))?;
        let mut second = context.run_ui(input, &mut draw);
        rasteriser.take_textures(std::mem::take(&mut second.textures_delta))?;
        rasteriser.draw(&context, &second, size)
    }

    /// As the bytes of a PNG file.
    ///
    /// # Errors
    ///
    /// If the encoder fails.
    pub(super) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgba);
        encoder.write_header()?.write_image_data(&self.rgba)?;
        Ok(bytes)
    }
}

/// Draws egui's output, in tiles of what the renderer takes at a time.
#[derive(Default)]
pub(super) struct Rasteriser {
    renderer: SoftwareRenderer,
    textures: HashMap<egui::TextureId, TextureId>,
}

/// Width and height of what of a tile is taken, and of what is drawn around it: edges of triangles are not as exact at the
/// edges of a surface.
const TILE: usize = 700;
const AROUND: usize = 8;

impl Rasteriser {
    /// Takes the textures that are new or changed, and lets go of those that are not needed any more.
    ///
    /// # Errors
    ///
    /// If one is too large.
    pub(super) fn take_textures(&mut self, delta: TexturesDelta) -> Result<(), Error> {
        for (id, changes) in &delta.set {
            for change in changes {
                self.take_texture(*id, change)?;
            }
        }
        for id in &delta.free {
            if let Some(texture) = self.textures.remove(id) {
                self.renderer.free_texture(texture)?;
            }
        }
        Ok(())
    }

    fn take_texture(&mut self, id: egui::TextureId, change: &ImageDelta) -> Result<(), Error> {
        let ImageData::Color(image) = &change.image;
        let [width, height] = image.size;
        let pixels: Vec<u8> = image.pixels.iter().flat_map(|p| p.to_array()).collect();
        match (change.pos, self.textures.get(&id)) {
            (Some([x, y]), Some(&texture)) => self
                .renderer
                .update_texture(texture, x, y, width, height, &pixels),
            (_, old) => {
                if let Some(&old) = old {
                    self.renderer.free_texture(old)?;
                }
                let texture = self.renderer.create_texture(width, height, &pixels)?;
                self.textures.insert(id, texture);
                Ok(())
            }
        }
    }

    /// Draws a frame; a point is a pixel.
    ///
    /// # Errors
    ///
    /// If a texture is missing.
    pub(super) fn draw(
        &mut self,
        context: &Context,
        output: &FullOutput,
        [width, height]: [usize; 2],
    ) -> Result<Picture, Error> {
        let primitives = context.tessellate(output.shapes.clone(), 1.0);
        let mut picture = Picture {
            width,
            height,
            rgba: vec![0; 4 * width * height],
        };
        for top in (0..height).step_by(TILE) {
            for left in (0..width).step_by(TILE) {
                self.draw_tile(&primitives, &mut picture, [left, top])?;
            }
        }
        Ok(picture)
    }

    fn draw_tile(
        &mut self,
        primitives: &[ClippedPrimitive],
        picture: &mut Picture,
        [left, top]: [usize; 2],
    ) -> Result<(), Error> {
        let drawn = TILE + 2 * AROUND;
        let mut frame = self.renderer.begin_frame(drawn, drawn)?;
        let [red, green, blue, _] = super::theme::BACKGROUND.to_array();
        frame.clear(Color::from_rgb(red, green, blue));
        let around = AROUND as f32;
        let corner = vec2(left as f32 - around, top as f32 - around);
        for primitive in primitives {
            let Primitive::Mesh(mesh) = &primitive.primitive else {
                continue;
            };
            let vertices: Vec<Vertex> = mesh
                .vertices
                .iter()
                .map(|own| vertex(own, corner))
                .collect();
            let clip = primitive.clip_rect.translate(-corner);
            let pixel = |at: f32| at.round().max(0.0) as u32;
            let clip = ClipRect::new(
                pixel(clip.min.x),
                pixel(clip.min.y),
                pixel(clip.max.x),
                pixel(clip.max.y),
            );
            let mesh = Mesh {
                vertices: &vertices,
                indices: &mesh.indices,
                texture: self.textures.get(&mesh.texture_id).copied(),
            };
            frame.mesh(mesh, clip)?;
        }
        let width = TILE.min(picture.width - left);
        let height = TILE.min(picture.height - top);
        let rows = frame.surface().pixels.chunks_exact(4 * drawn);
        for (row, pixels) in rows.skip(AROUND).take(height).enumerate() {
            let first = 4 * ((top + row) * picture.width + left);
            let pixels = &pixels[4 * AROUND..4 * (AROUND + width)];
            picture.rgba[first..first + 4 * width].copy_from_slice(pixels);
        }
        Ok(())
    }
}

fn vertex(own: &Corner, corner: Vec2) -> Vertex {
    let [red, green, blue, alpha] = own.color.to_array();
    let at = own.pos - corner;
    Vertex::new(
        [at.x, at.y],
        [own.uv.x, own.uv.y],
        Color::from_rgba_premultiplied(red, green, blue, alpha),
    )
}
