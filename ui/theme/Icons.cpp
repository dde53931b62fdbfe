// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/Icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

/// A static library's resources are registered only when someone asks; the macro must stand outside of any namespace.
static void registerResources()
{
    Q_INIT_RESOURCE(resources);
}

namespace secateur::ui {

namespace {

/// Draws an SVG whose strokes and fills are `currentColor` in the palette's colour of the moment.
class SvgIconEngine : public QIconEngine {
public:
    explicit SvgIconEngine(const QString &name) : m_name(name)
    {
        QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
        [[maybe_unused]] const bool isThere = file.open(QIODevice::ReadOnly);
        Q_ASSERT_X(isThere, "icon", qPrintable(name));
        m_source = file.readAll();
    }

    QIconEngine *clone() const override { return new SvgIconEngine(*this); }
    QString key() const override { return QStringLiteral("secateur-svg"); }
    QString iconName() override { return m_name; }
    bool isNull() override { return m_source.isEmpty(); }
    QSize actualSize(const QSize &size, QIcon::Mode, QIcon::State) override { return size; }

    /// `size` in device pixels.
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State) override
    {
        const QColor colour = colourOf(mode);
        const QString key = QStringLiteral("secateur/%1/%2x%3/%4").arg(m_name).arg(size.width()).arg(size.height()).arg(colour.rgba());
        QPixmap pixmap;
        if (QPixmapCache::find(key, &pixmap))
            return pixmap;
        pixmap = QPixmap(size);
        pixmap.fill(Qt::transparent);
        QByteArray source = m_source;
        QSvgRenderer renderer(source.replace("currentColor", colour.name().toLatin1()));
        QPainter painter(&pixmap);
        painter.setOpacity(colour.alphaF());
        renderer.render(&painter, QRectF(QPointF(), size));
        painter.end();
        QPixmapCache::insert(key, pixmap);
        return pixmap;
    }

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override
    {
        painter->drawPixmap(rect, pixmap((QSizeF(rect.size()) * painter->device()->devicePixelRatioF()).toSize(), mode, state));
    }

private:
    static QColor colourOf(QIcon::Mode mode)
    {
        const QPalette palette = QGuiApplication::palette();
        // A selected row is tinted, and its text keeps its colour (StyleSheet.cpp): so do icons.
        return palette.color(mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active, QPalette::WindowText);
    }

    QString m_name;
    QByteArray m_source;
};

} // namespace

QIcon icon(const QString &name)
{
    registerResources();
    return QIcon(new SvgIconEngine(name));
}

} // namespace secateur::ui
